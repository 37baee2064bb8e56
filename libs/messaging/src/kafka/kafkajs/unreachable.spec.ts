import { RetryableError } from '@countersign/contracts/problems';
import { beforeEach, expect, test, vi } from 'vitest';
import { quiet } from '../../../test/bus.contract.js';
import { clientOf } from '../../../test/client.js';
import { KafkaBus } from '../kafka-bus.js';

/** A port that nothing listens on. */
const brokers = ['127.0.0.1:1'];
const log = { ...quiet, warn: vi.fn<(fields: object, message: string) => void>() };
const topics = ['a'];
let bus: KafkaBus;

beforeEach(() => {
  log.warn.mockClear();
  const common = { clientId: 'nobody', log };
  const size = { partitions: 1, replicationFactor: 1, createTopics: true };
  const onFatal = (error: Error) => expect.fail(error.message);
  bus = new KafkaBus({
    ...common,
    ...size,
    client: clientOf({ ...common, brokers }),
    topics,
    publishTimeoutMs: 200,
    onFatal,
  });
});

test('without a broker, publishing fails at its deadline with a RetryableError and ping says why', async () => {
  await expect(bus.publish([{ topic: 'a', key: null, headers: {}, value: null }])).rejects.toThrow(RetryableError);
  await expect(bus.ping()).rejects.toThrow(/ECONNREFUSED/);
  await bus.close();
});

test('without a broker, nobody has joined, the outage is logged once, and everything still closes', async () => {
  const subscription = bus.subscribe({ group: 'one', topics, handle: async () => {} });
  const tail = bus.tail({ topics, handle: () => {} });
  const ping = bus.ping().catch(() => {});
  await vi.waitFor(() => expect(log.warn).toHaveBeenCalledOnce(), { timeout: 10_000 });
  expect([subscription.joined, tail.joined]).toEqual([false, false]);
  const pending = bus.publish([{ topic: 'a', key: null, headers: {}, value: null }]);
  await Promise.all([ping, expect(pending).rejects.toThrow(RetryableError), bus.close()]);
  expect(log.warn).toHaveBeenCalledOnce();
});
