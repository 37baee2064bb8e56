import type {} from '@countersign/infra';
import { randomUUID } from 'node:crypto';
import { TerminalError } from '@countersign/contracts/problems';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { quiet } from '../../test/bus.contract.js';
import { clientOf } from '../../test/client.js';
import { KafkaBus } from './kafka-bus.js';
import { KafkaProducer } from './producer.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];

test.skipIf(brokers.length === 0)(
  'what Kafka refuses fails alone, and what is sent with it arrives in order',
  async () => {
    const topic = `refusals-${randomUUID()}`;
    const client = clientOf({ clientId: 'refusals', brokers, log: quiet });
    const common = { client, log: quiet };
    const creation = { topics: [topic], partitions: 3, replicationFactor: 1, createTopics: true };
    const bus = new KafkaBus({ ...common, clientId: 'refusals', ...creation, onFatal: console.error });
    const producer = new KafkaProducer({ ...common, publishTimeoutMs: 30_000, ready: Promise.resolve() });
    onTestFinished(async () => void (await Promise.all([bus.close(), producer.close()])));

    const message = (value: string, on = topic) => ({ topic: on, key: 'k', headers: {}, value: Buffer.from(value) });
    await bus.publish([message('a')]);
    await expect(bus.publish([message('b', 'unknown')])).rejects.toThrow(TerminalError);
    const sent = [
      producer.publish([message('b')]),
      producer.publish([message('no', 'not a topic!')]),
      producer.publish([message('c')]),
      producer.publish([message('x'.repeat(3_000_000))]),
      producer.publish([message('d')]),
    ];
    const results = await Promise.allSettled(sent);
    const reasons = results.map((result) => (result.status === 'rejected' ? result.reason : null));
    expect(reasons).toEqual([null, expect.any(TerminalError), null, expect.any(TerminalError), null]);

    const got: string[] = [];
    bus.subscribe({ group: topic, topics: [topic], handle: async ({ value }) => void got.push(value!.toString()) });
    await vi.waitFor(() => expect(got).toEqual(['a', 'b', 'c', 'd']), { timeout: 20_000 });
  },
);
