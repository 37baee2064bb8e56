import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { beforeEach, expect, test, vi } from 'vitest';
import { quiet } from '../../test/bus.contract.js';
import { FakeKafka } from '../../test/fake-kafka.js';
import type { Message } from '../bus.js';
import { KafkaError } from './kafka-client.js';
import { KafkaProducer } from './producer.js';

const ready = Promise.resolve();
let cluster: FakeKafka;
let producer: KafkaProducer;

beforeEach(async () => {
  cluster = new FakeKafka();
  await cluster.createTopics([{ topic: 't', partitions: 1, replicationFactor: 1 }]);
  producer = new KafkaProducer({ client: cluster, log: quiet, publishTimeoutMs: 60_000, ready });
});

const message = (value: string): Message => ({ topic: 't', key: 'k', headers: {}, value: Buffer.from(value) });
const publish = (...values: string[]) => producer.publish(values.map(message));
const inLog = () => cluster.partitions('t')[0]!.map(({ value }) => String(value));
const requests = () => cluster.requests.map(({ values }) => values.join(''));

/** Holds the first request back until it is let go. */
function hold(): () => void {
  const gate = Promise.withResolvers<void>();
  cluster.onSend = () => gate.promise;
  return () => {
    cluster.onSend = () => {};
    gate.resolve();
  };
}

test('what is published while a request is under way is the next request, in order', async () => {
  const letGo = hold();
  const all = ['a', 'b', 'c'].map((value) => publish(value));
  await vi.waitFor(() => expect(requests()).toEqual(['abc']));
  all.push(publish('d'), publish('e', 'f'));
  letGo();
  await Promise.all(all);
  expect(requests()).toEqual(['abc', 'def']);
  expect(cluster.sessions).toBe(1);
});

test('a request holds no more messages and bytes than a broker takes', async () => {
  await publish(...Array.from({ length: 1_001 }, () => 'x'));
  expect(requests().map(({ length }) => length)).toEqual([500, 500, 1]);
  await publish(...Array.from({ length: 3 }, () => 'y'.repeat(300_000)));
  expect(requests().map(({ length }) => length)).toEqual([500, 500, 1, 600_000, 300_000]);
});

test('after a request that failed, the same goes out first, from a session with sequence numbers of its own', async () => {
  cluster.onSend = () => {
    cluster.onSend = () => {};
    void later.push(publish('b'));
    throw new KafkaError('transient', 'the leader moved');
  };
  const later: Promise<void>[] = [];
  await publish('a');
  await Promise.all(later);
  expect(inLog()).toEqual(['a', 'b']);
  expect(cluster.requests[0]!.session).toBe(1);
  expect(new Set(cluster.requests.slice(1).map(({ session }) => session))).toEqual(new Set([2]));
});

test('what was appended though its answer was lost comes twice rather than never', async () => {
  cluster.onAppended = () => {
    cluster.onAppended = () => {};
    throw new KafkaError('transient', 'the connection broke');
  };
  await publish('a');
  expect(inLog()).toEqual(['a', 'a']);
});

test('a request that is given up reaches no broker any more', async () => {
  const letGo = hold();
  producer = new KafkaProducer({ client: cluster, log: quiet, publishTimeoutMs: 20, ready });
  await expect(publish('late')).rejects.toThrow(RetryableError);
  await vi.waitFor(() => expect(cluster.closedSessions).toBe(1));
  letGo();
  await vi.waitFor(() => publish('next'), { timeout: 10_000 });
  expect(inLog()).not.toContain('late');
});

test('what the broker refuses fails alone, and the others of its request arrive in order', async () => {
  cluster.onSend = (messages) => {
    if (messages.some(({ value }) => String(value) === 'bad')) throw new KafkaError('refused', 'MESSAGE_TOO_LARGE');
  };
  const results = await Promise.allSettled(['a', 'bad', 'b'].map((value) => publish(value)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(TerminalError);
  expect(inLog()).toEqual(['a', 'b']);
});

test('an outage is waited out, and logged once with its end', async () => {
  const log = { ...quiet, warn: vi.fn(), info: vi.fn() };
  producer = new KafkaProducer({ client: cluster, log, publishTimeoutMs: 60_000, ready });
  cluster.down = true;
  const published = [publish('a'), publish('b')];
  await vi.waitFor(() => expect(log.warn).toHaveBeenCalledOnce());
  cluster.down = false;
  await Promise.all(published);
  expect(inLog()).toEqual(['a', 'b']);
  expect([log.warn.mock.calls.length, log.info.mock.calls.length]).toEqual([1, 1]);
});

test('closing fails what was not sent', async () => {
  cluster.down = true;
  const published = publish('a');
  await Promise.all([expect(published).rejects.toThrow('the bus is closed'), producer.close()]);
  await expect(publish('b')).rejects.toThrow(RetryableError);
});
