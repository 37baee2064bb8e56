import type {} from '@countersign/infra';
import fc from 'fast-check';
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

/** This client cannot write a header without a value, and the broker takes no time of the far future, nor one before 1970. */
const writable = ({ key, headers, value, timestamp }: FuzzedRecord) => ({
  key,
  value,
  timestamp: /^-|^864/.test(timestamp) ? '0' : timestamp,
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, said]) => [name, Array.isArray(said) ? said.map(filled) : filled(said)]),
  ),
});
const filled = (value: Buffer | null): Buffer => value ?? Buffer.alloc(0);

const { seed = 20261127, numRuns = 400 } = fc.readConfigureGlobal();

test.skipIf(brokers.length === 0)(
  'records of every shape keep nobody from the good one behind them',
  async () => {
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
    const raw = new kafkajs.Kafka({ clientId: 'raw', brokers, logLevel: kafkajs.logLevel.NOTHING });
    const transactional = { transactionalId: `${prefix}raw`, maxInFlightRequests: 1, idempotent: true };
    const [producer, inTransactions] = [raw.producer(), raw.producer(transactional)];
    await Promise.all([producer.connect(), inTransactions.connect()]);
    const records = [...fuzzedRecords(seed, numRuns)].map(writable);
    for (let n = 0; n * 50 < records.length; n++) {
      const batch = { topic: prefix + topic, messages: records.slice(n * 50, (n + 1) * 50) };
      const aborted = await inTransactions.transaction();
      await aborted.send(batch);
      await aborted.abort();
      if (n % 2 === 0)
        await producer.send({
          ...batch,
          compression: n % 4 === 0 ? kafkajs.CompressionTypes.GZIP : kafkajs.CompressionTypes.None,
        });
      else {
        const committed = await inTransactions.transaction();
        await committed.send(batch);
        await committed.commit();
      }
    }
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

    // What was aborted is nobody's, and the marks of transactions are no records.
    const total = () => Object.values(outcomes).reduce((sum, n) => sum + n, 0);
    await vi.waitUntil(() => total() >= numRuns + 1, { timeout: 30_000 + numRuns * 20 });
    expect(seen).toContain('good');
    expect(outcomes['dead_letter']).toBeGreaterThan(numRuns / 2);
    expect(total()).toBe(numRuns + 1);
    expect(outcomes['failed']).toBeUndefined();
    const letters = await clientOf({ ...common, brokers }).offsets([prefix + deadLetterTopic]);
    expect(letters.reduce((sum, { high }) => sum + high, 0)).toBe(outcomes['dead_letter']);
    expect(onFatal).not.toHaveBeenCalled();
    await Promise.all([producer.disconnect(), inTransactions.disconnect()]);
    await subscription.close();
    await bus.close();
  },
  120_000 + numRuns * 20,
);
