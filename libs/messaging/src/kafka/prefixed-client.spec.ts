import { atMillis } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import type { Delivery, Message } from '../bus.js';
import type { ConsumerListener, ConsumerOptions, KafkaClient, NewTopic, Position } from './kafka-client.js';
import { prefixedClient } from './prefixed-client.js';

/** A cluster that has topics of two installations and of another platform, and notes what it is told. */
function given() {
  const seen = { sent: [] as Message[], options: undefined as ConsumerOptions | undefined, named: [] as unknown[] };
  let listener: ConsumerListener | undefined;
  const client: KafkaClient = {
    producer: () => ({
      connect: async () => {},
      send: async (all) => void seen.sent.push(...all),
      close: async () => {},
    }),
    consumer: (options, listens) => {
      seen.options = options;
      listener = listens;
      return {
        join: async (startAt) => void seen.named.push(startAt),
        pause: (topic, partition) => (seen.named.push([topic, partition]), () => {}),
        commit: async (positions) => void seen.named.push(positions),
        close: async () => {},
      };
    },
    createTopics: async (topics) => void seen.named.push(...topics),
    topics: async () => ['one.run.started', 'run.started', 'two.run.started', 'dead-letters', 'orders'],
    topicSettings: async (topics) => topics.map((topic) => ({ topic, partitions: 1, replicas: 1, settings: {} })),
    offsets: async (topics) => topics.map((topic) => ({ topic, partition: 0, low: 0, high: 1 })),
    offsetsSince: async (topics) => topics.map(at),
    committed: async (group, topics) => (seen.named.push(group), topics.map(at)),
    ping: async () => {},
  };
  return { seen, listener: () => listener!, client: prefixedClient(client, 'one.', ['run.started']) };
}

const message = (topic: string): Message => ({ topic, key: 'k', headers: { h: 'h' }, value: Buffer.from('1') });
const at = (topic: string): Position => ({ topic, partition: 2, offset: 3 });

describe('one of several installations on a cluster', () => {
  it('publishes to its own topics, and to those of other platforms by their names', async () => {
    const { client, seen } = given();
    await client.producer().send(['run.started', 'dead-letters', 'orders'].map(message));
    expect(seen.sent.map(({ topic }) => topic)).toEqual(['one.run.started', 'one.dead-letters', 'orders']);
    expect(seen.sent[0]).toEqual({ ...message('one.run.started') });
  });

  it('reads and commits in groups of its own, and hands on messages by the names that are known here', async () => {
    const { client, seen, listener } = given();
    const received: Delivery[] = [];
    const options = { group: 'executor', topics: ['run.started', 'orders'], from: 'end', sessionTimeoutMs: 1 } as const;
    const session = client.consumer({ ...options, heartbeatMs: 1, fetchWaitMs: 1 }, {
      records: (all) => received.push(...all),
    } as Partial<ConsumerListener> as ConsumerListener);
    expect(seen.options).toMatchObject({ group: 'one.executor', topics: ['one.run.started', 'orders'], from: 'end' });
    const delivery = { ...message('one.run.started'), partition: 2, offset: '3', timestamp: 4 };
    listener().records([delivery, { ...delivery, topic: 'orders' }]);
    expect(received.map(({ topic }) => topic)).toEqual(['run.started', 'orders']);
    await session.join([at('run.started'), at('orders')]);
    await session.commit([at('run.started')]);
    session.pause('run.started', 2);
    expect(seen.named).toEqual([
      [at('one.run.started'), at('orders')],
      [at('one.run.started')],
      ['one.run.started', 2],
    ]);
  });

  it('knows of its own topics only those that have its name', async () => {
    const { client, seen } = given();
    expect(await client.topics()).toEqual(['run.started', 'two.run.started', 'orders']);
    expect(await client.offsets(['run.started'])).toEqual([{ topic: 'run.started', partition: 0, low: 0, high: 1 }]);
    const size = { partitions: 1, replicationFactor: 1 };
    await client.createTopics([{ topic: 'dead-letters', ...size }] satisfies NewTopic[]);
    expect(seen.named).toEqual([{ topic: 'one.dead-letters', ...size }]);
  });

  it('finds where its own groups are', async () => {
    const { client, seen } = given();
    expect(await client.committed('executor', ['run.started'])).toEqual([at('run.started')]);
    expect(await client.offsetsSince(['run.started'], atMillis(1))).toEqual([at('run.started')]);
    expect(seen.named).toEqual(['one.executor']);
  });

  it('is the client as it is without a prefix', () => {
    const { client } = given();
    expect(prefixedClient(client, '', ['run.started'])).toBe(client);
  });
});
