import { decode, type Delivery, type Message } from '@countersign/messaging';
import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { atMillis } from '@countersign/contracts/time';
import { catalogue, eventNames, eventsTo, isCommand, refusals, type ServiceName } from '@countersign/contracts';
import { describe, expect, it, vi } from 'vitest';
import { BusTransport } from './bus-transport.js';

const now = () => atMillis(Date.parse('2026-09-01T09:30:00Z'));
const ok = async () => {};
type Handler = (delivery: Delivery) => Promise<void>;

/** A service whose handlers all do the same, and what it publishes. */
function serving(service: ServiceName, handle: () => Promise<void> = ok) {
  const published: Message[] = [];
  let deliver: Handler = ok;
  const bus = {
    publish: vi.fn(async (messages: readonly Message[]) => void published.push(...messages)),
    subscribe: (options: { handle: Handler }) => ((deliver = options.handle), { joined: true, close: ok }),
  };
  const transport = new BusTransport(service, bus as never, now);
  for (const topic of eventsTo(service)) transport.addHandler(topic, handle as never, true);
  transport.listen(() => {});
  const answers = () => published.map((each) => decode({ ...each, partition: 0, offset: '0', timestamp: 0 }));
  return { deliver: (delivery: Delivery) => deliver(delivery), bus, answers };
}
const delivery = (value: unknown, headers: Record<string, string> = {}, topic = 'run.requested'): Delivery => ({
  topic,
  key: 'k-1',
  headers: { ce_id: '4711', ce_source: '/platform', ...headers },
  value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  partition: 3,
  offset: '9',
  timestamp: 1,
});
const request = { agent_id: 'opps', input: 'Deploy.', run_id: 'run-1' };
const unknown = () => Promise.reject(new TerminalError('agent_not_found', 'there is no agent "opps"'));

describe('a command that is refused', () => {
  it('is answered by an event that names it, and is no dead letter', async () => {
    const { deliver, answers } = serving('agent-runner', unknown);
    await deliver(delivery(request));
    expect(answers()).toMatchObject([
      {
        type: 'run.refused',
        source: '/countersign/agent-runner',
        key: 'run-1',
        data: {
          command_id: '4711',
          command_source: '/platform',
          code: 'agent_not_found',
          reason: 'there is no agent "opps"',
          run_id: 'run-1',
          agent_id: 'opps',
          approval_id: null,
        },
      },
    ]);
  });

  it('is answered with one and the same event, however often it comes, and another command with another', async () => {
    const { deliver, answers } = serving('agent-runner', unknown);
    for (const each of [delivery(request), delivery(request), delivery(request, { ce_source: '/other' })])
      await deliver(each);
    const [one, again, other] = answers().map(({ id }) => id);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  it.each<[string, Delivery, object]>([
    ['no JSON', delivery('Deploy.'), { command_id: '4711', code: 'not_json', run_id: null }],
    ['wrong data', delivery({ agent_id: 5 }), { command_id: '4711', code: 'invalid_data' }],
    [
      'Avro',
      delivery('\x00\x00\x00\x00\x07\x08ops', { 'content-type': 'application/vnd.apache.avro+binary' }),
      { command_id: '4711', code: 'unsupported_encoding' },
    ],
    [
      'structured mode of wrong data',
      delivery({ specversion: '1.0', type: 'run.requested', id: '4712', source: '/platform', data: {} }, { ce_id: '' }),
      { command_id: '4712', code: 'invalid_data' },
    ],
    [
      'nothing that names it',
      delivery('Deploy.', { ce_id: '' }),
      { command_id: 'run.requested/3/9', code: 'not_json' },
    ],
    ['two ids', delivery(request, { CE_ID: '4712' }), { command_id: 'run.requested/3/9', code: 'invalid_envelope' }],
  ])('of %s is answered as well, and is a dead letter with its bytes', async (_, unreadable, answer) => {
    const { deliver, answers } = serving('agent-runner');
    await expect(deliver(unreadable)).rejects.toBeInstanceOf(TerminalError);
    expect(answers()).toMatchObject([{ type: 'run.refused', data: answer }]);
  });

  it('waits while its answer cannot be published', async () => {
    const { deliver, bus } = serving('agent-runner', unknown);
    bus.publish.mockRejectedValueOnce(new RetryableError('the log is away'));
    await expect(deliver(delivery(request))).rejects.toBeInstanceOf(RetryableError);
  });

  it.each([new RetryableError('the store is away'), new TypeError('a bug')])(
    'by no rule but by %s is not answered: it is handed over again, or for an operator',
    async (error) => {
      const { deliver, answers } = serving('agent-runner', async () => {
        throw error;
      });
      await expect(deliver(delivery(request))).rejects.toBe(error);
      expect(answers()).toEqual([]);
    },
  );

  it('of any kind has an answer, from the service that would have obeyed it', () => {
    const commands = eventNames.filter((name) => catalogue[name].from === 'anyone');
    expect(commands.filter(isCommand)).toEqual(commands);
    for (const name of commands.filter(isCommand)) {
      expect(refusals[name]).toBe(name.replace(/requested$/, 'refused'));
      expect(catalogue[name].to).toEqual([catalogue[refusals[name]].from, 'audit']);
    }
  });
});

describe('a fact that is refused', () => {
  it('is a dead letter, and nobody is answered', async () => {
    const { deliver, answers } = serving('agent-runner', unknown);
    await expect(deliver(delivery({}, {}, 'approval.resolved'))).rejects.toBeInstanceOf(TerminalError);
    expect(answers()).toEqual([]);
  });
});
