import type {} from '@countersign/infra';
import kafkajs from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { expect, inject, test, vi } from 'vitest';
import { quiet } from '../../../test/bus.contract.js';
import { clientOf } from '../../../test/client.js';
import { fuzzedRecords, type FuzzedRecord } from '../../../test/fuzzed-records.js';
import { deadLetterTopic } from '../../delivery/dead-letters.js';
import { decode, encode } from '../../events/cloudevents.js';
import { KafkaBus } from '../kafka-bus.js';
import { prefixedClient } from '../prefixed-client.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];
const topic = 'run.cancel_requested';

/** This client cannot write a header without a value, and the broker takes no time of the far future. */
const writable = ({ key, headers, value }: FuzzedRecord) => ({
  key,
  value,
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, said]) => [name, Array.isArray(said) ? said.map(filled) : filled(said)]),
  ),
});
const filled = (value: Buffer | null): Buffer => value ?? Buffer.alloc(0);

test.skipIf(brokers.length === 0)('records of every shape keep nobody from the good one behind them', async () => {
  const common = { clientId: 'fuzz', log: quiet };
  const prefix = `fuzz-${randomUUID()}.`;
  const outcomes: Record<string, number> = {};
  const onFatal = vi.fn();
  const bus = new KafkaBus({
    ...common,
    client: prefixedClient(clientOf({ ...common, brokers }), prefix, [topic]),
    topics: [topic],
    createTopics: true,
    partitions: 2,
    replicationFactor: 1,
    onFatal,
    observer: {
      published() {},
      delivered: ({ outcome }) => (outcomes[outcome] = (outcomes[outcome] ?? 0) + 1),
    },
  });
  const seen: string[] = [];
  const subscription = bus.subscribe({
    group: 'fuzz',
    topics: [topic],
    handle: async (delivery) => void seen.push(decode(delivery).id),
  });
  const producer = new kafkajs.Kafka({ clientId: 'raw', brokers, logLevel: kafkajs.logLevel.NOTHING }).producer();
  await producer.connect();
  const raw = [...fuzzedRecords(20261127, 400)].map(writable);
  await producer.send({ topic: prefix + topic, messages: raw });
  const good = {
    id: 'good',
    source: '/s',
    time: '2026-09-01T09:30:00Z',
    subject: 's',
    key: 'k',
    traceparent: null,
    tracestate: null,
  };
  await bus.publish([encode({ ...good, type: topic, data: { run_id: 'r1' } })]);

  const total = () => Object.values(outcomes).reduce((sum, n) => sum + n, 0);
  await vi.waitUntil(() => total() === 401, { timeout: 30_000 });
  expect(seen).toContain('good');
  expect(outcomes['dead_letter']).toBeGreaterThan(200);
  expect(outcomes['failed']).toBeUndefined();
  const letters = await clientOf({ ...common, brokers }).offsets([prefix + deadLetterTopic]);
  expect(letters.reduce((sum, { high }) => sum + high, 0)).toBe(outcomes['dead_letter']);
  expect(onFatal).not.toHaveBeenCalled();
  await producer.disconnect();
  await subscription.close();
  await bus.close();
});
