import { describe, expect, it, vi } from 'vitest';
import type { Bus, Delivery, Message } from '../bus.js';
import { installationBus } from './installation-bus.js';

const message = (ce_source?: string, topic = 'approval.resolved'): Message => ({
  topic,
  key: 'k',
  headers: { ce_id: '1', ...(ce_source !== undefined && { ce_source }) },
  value: Buffer.from('{}'),
});
const place = { partition: 0, offset: '0', timestamp: 0 };

function open(installation: string) {
  const published: Message[] = [];
  let handle: (delivery: Delivery) => unknown = () => {};
  const inner = {
    publish: async (messages: readonly Message[]) => void published.push(...messages),
    subscribe: (options: Parameters<Bus['subscribe']>[0]) => void (handle = options.handle),
    tail: (options: Parameters<Bus['tail']>[0]) => void (handle = options.handle),
  } as unknown as Bus;
  const onForeign = vi.fn();
  const bus = installationBus(inner, { installation, topics: new Set(['approval.resolved']), onForeign });
  const handled: Delivery[] = [];
  const deliver = async (...messages: Message[]) => {
    for (const each of messages) await handle({ ...each, ...place });
    return handled.splice(0).map(({ headers }) => headers['ce_source']);
  };
  return { bus, published, onForeign, deliver, handled };
}

describe.each(['subscribe', 'tail'] as const)('an installation that has a name, to %s', (how) => {
  const listen = () => {
    const given = open('blue');
    const handle = (delivery: Delivery): never => void given.handled.push(delivery) as never;
    if (how === 'tail') given.bus.tail({ topics: [], handle });
    else given.bus.subscribe({ group: 'g', topics: [], handle: async (delivery) => handle(delivery) });
    return given;
  };

  it('skips what another one wrote, and says so', async () => {
    const { deliver, onForeign } = listen();
    expect(await deliver(message('/countersign/green/executor'))).toEqual([]);
    expect(onForeign).toHaveBeenCalledExactlyOnceWith({ topic: 'approval.resolved', installation: 'green' });
  });

  it.each(['/countersign/blue/executor', '/countersign/executor', '/platform', '/countersign/a/b/c', undefined])(
    'takes what is from %s: its own, or of nobody that is known, which is verified as always',
    async (from) => {
      const { deliver, onForeign } = listen();
      expect(await deliver(message(from))).toEqual([from]);
      expect(onForeign).not.toHaveBeenCalled();
    },
  );

  it('takes commands of whomever, whatever their source', async () => {
    const from = '/countersign/green/executor';
    expect(await listen().deliver(message(from, 'run.requested'))).toEqual([from]);
  });
});

it('is named in what its services publish, and in nothing else', async () => {
  const { bus, published } = open('blue');
  const sources = ['/countersign/executor', '/platform', '/countersign/green/executor', undefined];
  await bus.publish(sources.map((from) => message(from)));
  expect(published.map(({ headers }) => headers['ce_source'])).toEqual([
    '/countersign/blue/executor',
    '/platform',
    '/countersign/green/executor',
    undefined,
  ]);
});

it('without a name changes nothing', () => {
  const { bus } = open('');
  const inner = {} as Bus;
  expect(installationBus(inner, { installation: '', topics: new Set(), onForeign: () => {} })).toBe(inner);
  expect(bus.publish).toBeDefined();
});
