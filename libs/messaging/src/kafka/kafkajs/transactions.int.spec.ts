import type {} from '@countersign/infra';
import kafkajs, { type Transaction } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { quiet } from '../../../test/bus.contract.js';
import { kafkaClient } from '../clients/kafka-clients.js';
import { KafkaBus } from '../kafka-bus.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];

test.skipIf(brokers.length === 0).each(['kafkajs', 'platformatic'] as const)(
  'through %s, what a producer takes back is handed to nobody, however much of it there is',
  async (name) => {
    const topic = `transactions-${randomUUID()}`;
    const common = { clientId: topic, log: quiet };
    const size = { partitions: 1, replicationFactor: 1, createTopics: true };
    const client = await kafkaClient(name, { ...common, brokers });
    const bus = new KafkaBus({ ...common, ...size, client, topics: [topic], onFatal: console.error });
    await bus.publish([{ topic, key: null, headers: {}, value: Buffer.from('first') }]);
    const producer = new kafkajs.Kafka({ clientId: 'raw', brokers, logLevel: kafkajs.logLevel.NOTHING }).producer({
      transactionalId: topic,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    onTestFinished(async () => void (await Promise.all([bus.close(), producer.disconnect()])));
    const within = async (end: 'commit' | 'abort', ...values: string[]) => {
      const transaction: Transaction = await producer.transaction();
      for (const value of values) await transaction.send({ topic, messages: [{ value }] });
      await transaction[end]();
    };
    const large = 'x'.repeat(700_000);
    await within('abort', 'no');
    await within('commit', 'second', 'third');
    await within('abort', 'no', 'no');
    await within('abort', `no ${large}`, `no ${large}`, `no ${large}`);
    await within('commit', 'last');
    const got: string[] = [];
    bus.subscribe({ group: topic, topics: [topic], handle: async ({ value }) => void got.push(String(value)) });
    await vi.waitFor(() => expect(got.at(-1)).toBe('last'), { timeout: 20_000 });
    expect(got.map((each) => each.slice(0, 10))).toEqual(['first', 'second', 'third', 'last']);
  },
  60_000,
);
