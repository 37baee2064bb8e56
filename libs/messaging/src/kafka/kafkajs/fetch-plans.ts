import { createRequire } from 'node:module';

interface TopicPartitions {
  topic: string;
  partitions: number[];
}

interface SubscriptionState {
  /** Replaced as a whole when the group assigns anew. */
  assignedPartitionsByTopic: object;
  pause(partitions: readonly TopicPartitions[]): void;
  resume(partitions: readonly TopicPartitions[]): void;
}

interface ConsumerGroup {
  /** `metadata` is replaced as a whole when it is read anew. */
  cluster: { brokerPool: { metadata: object | null } };
  subscriptionState: SubscriptionState;
  /** What it joined with. */
  partitionsPerSubscribedTopic: object | null;
  /** By topic and partition, where a broker named another one to read from. */
  preferredReadReplicasPerTopicPartition: Record<string, object>;
  checkForStaleAssignment(): void;
  filterPartitionsByNode(nodeId: number, topicPartitions: TopicPartitions[]): TopicPartitions[];
  getActiveTopicPartitions(): Record<string, Set<number>>;
}

type Offsets = Record<string, Record<string, unknown>>;

interface OffsetManager {
  topics: string[];
  memberAssignment: Record<string, number[]>;
  resolvedOffsets: Offsets;
  committedOffsets(): Offsets;
  nextOffset(topic: string, partition: number): { toString(): string };
  resolveOffsets(): Promise<void>;
}

/**
 * Before each fetch kafkajs 2.2.4 works out for all partitions of all topics whether they still exist, who leads them,
 * which are paused, and their offsets as 64-bit numbers made of strings. That is kept here for as long as what it was made
 * of has not been replaced, and an offset that is a number already is left as it is. What is unusual goes the old way.
 *
 * @throws when kafkajs is a version that has no such places
 */
export function keepFetchPlans(): void {
  const load = createRequire(import.meta.url);
  const prototypeIn = <T>(file: string, ...methods: (keyof T & string)[]): T => {
    const { prototype } = load(`kafkajs/src/consumer/${file}`) as { prototype: T };
    const missing = methods.filter((name) => typeof prototype[name] !== 'function');
    if (missing.length > 0) throw new Error(`unsupported version of kafkajs: its ${file} has no ${missing.join(', ')}`);
    return prototype;
  };
  keepPlansOf(
    prototypeIn<ConsumerGroup>(
      'consumerGroup',
      'checkForStaleAssignment',
      'filterPartitionsByNode',
      'getActiveTopicPartitions',
    ),
  );
  keepPausesOf(prototypeIn<SubscriptionState>('subscriptionState', 'pause', 'resume'));
  leaveOffsetsOf(prototypeIn<OffsetManager>('offsetManager', 'nextOffset', 'resolveOffsets'));
}

/** Whose pauses have changed since what is active was found. */
const active = new WeakMap<SubscriptionState, { assigned: object; partitions: Record<string, Set<number>> }>();

function keepPausesOf(prototype: SubscriptionState): void {
  const { pause, resume } = prototype;
  prototype.pause = function (...args) {
    active.delete(this);
    pause.apply(this, args);
  };
  prototype.resume = function (...args) {
    active.delete(this);
    resume.apply(this, args);
  };
}

function keepPlansOf(prototype: ConsumerGroup): void {
  const { checkForStaleAssignment, filterPartitionsByNode, getActiveTopicPartitions } = prototype;
  const checked = new WeakMap<ConsumerGroup, { metadata: object | null; joinedWith: object | null }>();
  type Led = { metadata: object | null; assigned: object; nodes: Map<number, TopicPartitions[]> };
  const led = new WeakMap<ConsumerGroup, Led>();

  prototype.checkForStaleAssignment = function () {
    const { metadata } = this.cluster.brokerPool;
    const joinedWith = this.partitionsPerSubscribedTopic;
    const last = checked.get(this);
    if (metadata && last?.metadata === metadata && last.joinedWith === joinedWith) return;
    checkForStaleAssignment.call(this);
    checked.set(this, { metadata, joinedWith });
  };

  prototype.filterPartitionsByNode = function (nodeId, topicPartitions) {
    if (isSentElsewhere(this)) led.delete(this);
    const { metadata } = this.cluster.brokerPool;
    const assigned = this.subscriptionState.assignedPartitionsByTopic;
    let last = led.get(this);
    if (last?.metadata !== metadata || last.assigned !== assigned) last = { metadata, assigned, nodes: new Map() };
    const partitions = last.nodes.get(nodeId) ?? filterPartitionsByNode.call(this, nodeId, topicPartitions);
    last.nodes.set(nodeId, partitions);
    if (!isSentElsewhere(this)) led.set(this, last);
    return partitions;
  };

  prototype.getActiveTopicPartitions = function () {
    const assigned = this.subscriptionState.assignedPartitionsByTopic;
    const last = active.get(this.subscriptionState);
    if (last?.assigned === assigned) return last.partitions;
    const partitions = getActiveTopicPartitions.call(this);
    active.set(this.subscriptionState, { assigned, partitions });
    return partitions;
  };
}

/** Such a replica is read from for a while only, so nothing is kept meanwhile. */
function isSentElsewhere({ preferredReadReplicasPerTopicPartition: replicas }: ConsumerGroup): boolean {
  for (const topic in replicas) for (const _ in replicas[topic]) return true;
  return false;
}

function leaveOffsetsOf(prototype: OffsetManager): void {
  const { nextOffset, resolveOffsets } = prototype;
  prototype.nextOffset = function (topic, partition) {
    const offset = this.resolvedOffsets[topic]?.[partition];
    return isOffset(offset) ? offset : nextOffset.call(this, topic, partition);
  };
  prototype.resolveOffsets = async function () {
    const committed = this.committedOffsets();
    const isKnown = (topic: string) =>
      this.memberAssignment[topic]!.every((each) => isOffset(committed[topic]?.[each]));
    if (!this.topics.every(isKnown)) await resolveOffsets.call(this);
  };
}

/** As Kafka has them; what is negative stands for none. */
const isOffset = (offset: unknown): offset is string =>
  typeof offset === 'string' && offset !== '' && !offset.startsWith('-');
