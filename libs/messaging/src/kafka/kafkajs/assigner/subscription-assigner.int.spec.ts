import type {} from '@countersign/infra';
import kafkajs from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { quiet } from '../../../../test/bus.contract.js';
import { KafkaBus } from '../../kafka-bus.js';
import { kafkaClient, type KafkaClientName } from '../../clients/kafka-clients.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];

const clients: readonly KafkaClientName[] = ['kafkajs', 'platformatic'];

test.skipIf(brokers.length === 0).each(clients)(
  'members of a group with %s read all topics that any of them subscribes to, beside one with the assigner of kafkajs',
  async (name) => {
    const id = randomUUID();
    const group = `group-${id}`;
    const [shared, added, removed] = [`shared-${id}`, `added-${id}`, `removed-${id}`];
    const topics = [shared, added, removed];
    const bus = new KafkaBus({
      client: await kafkaClient(name, { clientId: 'assigner', brokers, log: quiet }),
      clientId: 'assigner',
      topics,
      createTopics: true,
      partitions: 4,
      replicationFactor: 1,
      log: quiet,
      onFatal: console.error,
    });
    onTestFinished(() => bus.close());
    const seen = { first: new Set<string>(), newer: new Set<string>(), older: new Set<string>() };
    const join = async (name: 'first' | 'newer', subscribed: string[]) => {
      const handle = async ({ key }: { key: string | null }) => void seen[name].add(key!);
      const member = bus.subscribe({ group, topics: subscribed, handle });
      await vi.waitFor(() => expect(member.joined).toBe(true), 20_000);
    };
    // Whoever is first leads the group.
    await join('first', [shared]);
    await join('newer', [shared, added]);
    const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
    const older = kafka.consumer({ groupId: group, maxWaitTimeInMs: 100 });
    onTestFinished(() => older.disconnect());
    await older.connect();
    await older.subscribe({ topics: [shared, removed], fromBeginning: true });
    await older.run({ eachMessage: async ({ message }) => void seen.older.add(String(message.key)) });

    const keysOf = (topic: string) => Array.from({ length: 12 }, (_, n) => `${topic} ${n}`);
    await bus.publish(
      topics.flatMap((topic) => keysOf(topic).map((key) => ({ topic, key, headers: {}, value: null }))),
    );
    await vi.waitFor(() => {
      expect([...seen.newer]).toEqual(expect.arrayContaining(keysOf(added)));
      expect([...seen.older]).toEqual(expect.arrayContaining(keysOf(removed)));
      const all = [...seen.first, ...seen.newer, ...seen.older];
      expect(all.toSorted()).toEqual(expect.arrayContaining(topics.flatMap(keysOf)));
    }, 20_000);
  },
  60_000,
);
