import type {} from '@countersign/infra';
import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { quiet } from '../../../test/bus.contract.js';
import type { Delivery } from '../../bus.js';
import { kafkaClient } from './kafka-clients.js';
import { KafkaBus } from '../kafka-bus.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];

test.skipIf(brokers.length === 0)(
  'a group has members with either client, and a key has one partition, whoever sends',
  async () => {
    const topic = `either-${randomUUID()}`;
    const size = { partitions: 4, replicationFactor: 1, createTopics: true };
    const members = await Promise.all(
      (['kafkajs', 'platformatic'] as const).map(async (name) => {
        const common = { clientId: name, log: quiet };
        const client = await kafkaClient(name, { ...common, brokers });
        const bus = new KafkaBus({ ...common, ...size, client, topics: [topic], onFatal: console.error });
        onTestFinished(() => bus.close());
        const got: Delivery[] = [];
        const handle = async (delivery: Delivery) => void got.push(delivery);
        const subscription = bus.subscribe({ group: topic, topics: [topic], handle });
        return { bus, got, subscription };
      }),
    );
    const keys = Array.from({ length: 50 }, (_, n) => `${n} Übertragung`);
    const all = () => members.flatMap(({ got }) => got);
    await vi.waitFor(
      async () => {
        expect(members.map(({ subscription }) => subscription.joined)).toEqual([true, true]);
        for (const { bus } of members)
          await bus.publish(keys.map((key) => ({ topic, key, headers: {}, value: Buffer.from('x') })));
        await vi.waitFor(() => expect(members.map(({ got }) => got.length > 0)).toEqual([true, true]));
      },
      { timeout: 20_000 },
    );
    await vi.waitFor(() => expect(all().length).toBeGreaterThanOrEqual(2 * keys.length), { timeout: 20_000 });
    const partitions = Map.groupBy(all(), ({ key }) => key);
    for (const key of keys) expect(new Set(partitions.get(key)!.map(({ partition }) => partition)).size).toBe(1);
    expect(new Set(all().map(({ partition }) => partition)).size).toBe(4);
  },
  60_000,
);
