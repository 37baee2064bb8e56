import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Delivery, Handler, Message } from '../bus.js';
import { deadLetterTopic, originalOf } from './dead-letters.js';
import { deliverer } from './delivery.js';

const delivery: Delivery = {
  topic: 't',
  key: 'k',
  headers: { ce_id: '1' },
  value: Buffer.from([0, 255]),
  partition: 3,
  offset: '42',
  timestamp: 1,
};
const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const published: Message[] = [];
const publish = async (message: Message) => void published.push(message);
const stay = new AbortController().signal;
const failing = (times: number, error: Error, then: Handler = async () => {}): Handler => {
  return async (delivery) => {
    if (times-- > 0) throw error;
    return then(delivery);
  };
};

beforeEach(() => {
  vi.clearAllMocks();
  published.length = 0;
});

test('a message that was handled may be acknowledged', async () => {
  const deliver = deliverer({ group: 'g', handle: async () => {}, publish, log });
  expect(await deliver(delivery, stay)).toBe(true);
  expect(published).toEqual([]);
});

test('a RetryableError is waited out, and the outage is logged once for all that wait', async () => {
  const handle = (failures: Map<string, number>): Handler => {
    return async ({ offset }) => {
      const left = failures.get(offset) ?? 2;
      failures.set(offset, left - 1);
      if (left > 0) throw new RetryableError('down');
    };
  };
  const deliver = deliverer({ group: 'g', handle: handle(new Map()), publish, log });
  const all = Array.from({ length: 64 }, (_, i) => deliver({ ...delivery, offset: String(i) }, stay));
  expect(new Set(await Promise.all(all))).toEqual(new Set([true]));
  expect(log.warn).toHaveBeenCalledOnce();
  expect(log.info).toHaveBeenCalledOnce();
  expect(published).toEqual([]);
});

test('a wait ends at once when the signal aborts, and the message is not acknowledged', async () => {
  const leaving = new AbortController();
  const deliver = deliverer({ group: 'g', handle: failing(Infinity, new RetryableError('down')), publish, log });
  const delivering = deliver(delivery, leaving.signal);
  await vi.waitFor(() => expect(log.warn).toHaveBeenCalled());
  leaving.abort();
  expect(await delivering).toBe(false);
  expect(published).toEqual([]);
});

test('any other error makes it a dead letter that says where it came from and why', async () => {
  const deliver = deliverer({
    group: 'g',
    handle: failing(1, new TerminalError('invalid_data', 'x'.repeat(5_000))),
    publish,
    log,
  });
  expect(await deliver(delivery, stay)).toBe(true);
  const [letter] = published;
  expect(letter).toMatchObject({ topic: deadLetterTopic, key: 'k', value: delivery.value });
  const read = originalOf({ ...letter!, partition: 0, offset: '0', timestamp: 2 });
  const { topic, key, headers, value } = delivery;
  expect(read).toMatchObject({ message: { topic, key, headers, value }, partition: 3, offset: '42', group: 'g' });
  expect(Object.keys(read.message.headers)).toEqual(['ce_id']);
  expect(read.code).toBe('invalid_data');
  expect(read.reason).toHaveLength(2_000);
  expect(() => originalOf(delivery)).toThrow('t/42 is not a dead letter');
});

test('it is not acknowledged before the dead letter is safe', async () => {
  const down = failing(2, new RetryableError('log down'));
  const deliver = deliverer({
    group: 'g',
    handle: failing(1, new TypeError('bug')),
    publish: async (message) => {
      await down(delivery);
      published.push(message);
    },
    log,
  });
  expect(await deliver(delivery, stay)).toBe(true);
  expect(published).toHaveLength(1);
});

test('a dead letter that cannot be handled or stored holds nobody up', async () => {
  const refuse = async () => {
    throw new TerminalError('not_publishable', 'too large');
  };
  const deliver = deliverer({
    group: 'g',
    handle: failing(2, new TerminalError('invalid_data', 'no')),
    publish: refuse,
    log,
  });
  expect(await deliver({ ...delivery, topic: deadLetterTopic }, stay)).toBe(true);
  expect(await deliver(delivery, stay)).toBe(true);
  expect(log.error).toHaveBeenCalledTimes(3);
});

test.each<[string, Error, string, string]>([
  ['of ours is its code and reason', new TerminalError('run_not_found', 'no such run'), 'run_not_found', 'no such run'],
  [
    'that was not foreseen is named and not quoted: it may say what is in the message',
    Object.assign(new SyntaxError('Unexpected token in "hunter2"'), { code: 'E_PARSE' }),
    'internal_error',
    'SyntaxError [E_PARSE]: unexpected error, see the service log',
  ],
])('a dead letter whose error %s', async (_, error, code, reason) => {
  const deliver = deliverer({ group: 'g', handle: failing(1, error), publish, log });
  expect(await deliver(delivery, stay)).toBe(true);
  expect(published).toMatchObject([{ headers: { dead_letter_code: code, dead_letter_reason: reason } }]);
});

test.each([undefined, '', 'Not a code', 'x'.repeat(61)])(
  'a dead letter whose code is %j is read without one',
  (code) => {
    const about = { topic: 't', partition: '0', offset: '1', group: 'g', reason: 'old', time: 'then', code };
    const headers = Object.fromEntries(
      Object.entries(about).flatMap(([name, text]) => (text === undefined ? [] : [[`dead_letter_${name}`, text]])),
    );
    const letter = { ...delivery, topic: deadLetterTopic, headers };
    expect(originalOf(letter)).toMatchObject({ code: null, reason: 'old' });
  },
);
