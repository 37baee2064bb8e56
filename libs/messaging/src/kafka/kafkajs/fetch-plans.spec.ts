import { createRequire } from 'node:module';
import { beforeAll, expect, test, vi } from 'vitest';
import { keepFetchPlans } from './fetch-plans.js';

const load = createRequire(import.meta.url);
const instance = (file: string, fields: object) =>
  Object.assign(Object.create((load(`kafkajs/src/consumer/${file}`) as { prototype: object }).prototype), fields);

beforeAll(() => keepFetchPlans());

const metadataOf = (...leaders: number[]) => ({
  topicMetadata: [{ topic: 't', partitionMetadata: leaders.map((leader, partitionId) => ({ partitionId, leader })) }],
});

function group() {
  const subscriptionState = instance('subscriptionState', { subscriptionStatesByTopic: {} });
  subscriptionState.assign([{ topic: 't', partitions: [0, 1] }]);
  const cluster = {
    brokerPool: { metadata: metadataOf(1, 1) as object },
    findTopicPartitionMetadata: vi.fn(function (this: { brokerPool: { metadata: unknown } }) {
      return (this.brokerPool.metadata as ReturnType<typeof metadataOf>).topicMetadata[0]!.partitionMetadata;
    }),
  };
  return instance('consumerGroup', {
    cluster,
    subscriptionState,
    topicsSubscribed: ['t'],
    partitionsPerSubscribedTopic: new Map([['t', [0, 1]]]),
    preferredReadReplicasPerTopicPartition: {},
    logger: { debug() {} },
  });
}
const readFrom = (one: ReturnType<typeof group>, node: number): number[] =>
  one.filterPartitionsByNode(node, one.subscriptionState.assigned())[0].partitions;
const active = (one: ReturnType<typeof group>): number[] => [...one.getActiveTopicPartitions().t];

test('whom to read from is found once, until the cluster or the assignment changes', () => {
  const one = group();
  expect(readFrom(one, 1)).toEqual([0, 1]);
  const looked = one.cluster.findTopicPartitionMetadata.mock.calls.length;
  expect(readFrom(one, 1)).toEqual([0, 1]);
  expect(one.cluster.findTopicPartitionMetadata.mock.calls).toHaveLength(looked);
  one.cluster.brokerPool.metadata = metadataOf(1, 2);
  expect([readFrom(one, 1), readFrom(one, 2)]).toEqual([[0], [1]]);
  one.subscriptionState.assign([{ topic: 't', partitions: [1] }]);
  expect([readFrom(one, 1), readFrom(one, 2)]).toEqual([[], [1]]);
});

test('a replica that a broker names is read from as soon as it is named', () => {
  const one = group();
  expect(readFrom(one, 1)).toEqual([0, 1]);
  one.preferredReadReplicasPerTopicPartition = { t: { 0: { nodeId: 3, expireAt: Date.now() + 60_000 } } };
  expect([readFrom(one, 3), readFrom(one, 1)]).toEqual([[0], [1]]);
  one.preferredReadReplicasPerTopicPartition.t = {};
  expect(readFrom(one, 1)).toEqual([0, 1]);
});

test('a topic that has grown makes the group assign anew', () => {
  const one = group();
  one.checkForStaleAssignment();
  one.cluster.brokerPool.metadata = metadataOf(1, 1, 1);
  expect(() => one.checkForStaleAssignment()).toThrow('Topic has been updated');
  expect(() => one.checkForStaleAssignment(), 'for as long as it has not').toThrow('Topic has been updated');
  one.partitionsPerSubscribedTopic = new Map([['t', [0, 1, 2]]]);
  one.checkForStaleAssignment();
});

test('what is paused is left out at once, and asked for again once it is resumed', () => {
  const one = group();
  expect(active(one)).toEqual([0, 1]);
  one.subscriptionState.pause([{ topic: 't', partitions: [1] }]);
  expect(active(one)).toEqual([0]);
  one.subscriptionState.resume([{ topic: 't', partitions: [1] }]);
  expect(active(one)).toEqual([0, 1]);
  one.subscriptionState.assign([{ topic: 't', partitions: [0] }]);
  expect(active(one)).toEqual([0]);
});

test('an offset is asked for as it stands, and one that is none is looked up', async () => {
  const coordinator = { isConnected: () => true, offsetFetch: vi.fn(async () => ({ responses: [] })) };
  const offsets = { t: { 0: '7', 1: '-1' } };
  const manager = instance('offsetManager', {
    topics: ['t'],
    memberAssignment: { t: [0] },
    resolvedOffsets: { t: {} },
    topicConfigurations: {},
    coordinator,
    committedOffsets: () => offsets,
    initializeConsumerOffsets: async () => [],
    cluster: { fetchTopicsOffset: async () => [] },
  });
  await manager.resolveOffsets();
  expect(coordinator.offsetFetch).not.toHaveBeenCalled();
  expect(String(manager.nextOffset('t', 0))).toBe('7');
  manager.resolveOffset({ topic: 't', partition: 0, offset: '9007199254740993' });
  expect(String(manager.nextOffset('t', 0))).toBe('9007199254740994');
  expect(String(manager.nextOffset('t', 1)), 'as before').toBe('0');
  manager.memberAssignment = { t: [0, 1] };
  await manager.resolveOffsets();
  expect(coordinator.offsetFetch).toHaveBeenCalledOnce();
});
