import {
  Consumer,
  ListOffsetTimestamps,
  NetworkError,
  type ClusterMetadata,
  type GroupAssignment,
  type GroupPartitionsAssigner,
} from '@platformatic/kafka';
import { setTimeout as delay } from 'node:timers/promises';
import { assignPartitions } from '../clients/assign-partitions.js';
import type { ConsumerListener, ConsumerOptions, ConsumerSession, KafkaError, Position } from '../kafka-client.js';
import type { ClientOptions } from './platformatic-client.js';
import { codesIn, kafkaError } from './platformatic-error.js';
import { deliveriesIn, endOf } from './records.js';

const maxBytes = 10 * 1024 * 1024;
const partitionMaxBytes = 1024 * 1024;
/** How soon a fetch that failed is tried again, and how often, before the session ends. */
const againMs = 200;
const mostFailures = 10;
/** How long a broker is left alone of which nothing is wanted. */
const unwantedMs = 250;
/** How soon it is seen that a topic has grown. */
const metadataMaxAge = 15_000;
const { EARLIEST, LATEST } = ListOffsetTimestamps;
/** As kafkajs calls it, so that members with either share a group. */
const protocols = [{ name: 'RoundRobinAssigner', version: 1 }];

const partitionAssigner: GroupPartitionsAssigner = (_, members, __, metadata) => {
  const partitionsOf = (topic: string) => [...(metadata.topics.get(topic)?.partitions.keys() ?? [])];
  const subscribed = [...members.values()].map(({ memberId: id, topics = [] }) => ({ id, topics }));
  return [...assignPartitions(subscribed, partitionsOf)].map(([memberId, assignment]) => ({
    memberId,
    assignments: new Map(Object.entries(assignment).map(([topic, partitions]) => [topic, { topic, partitions }])),
  }));
};

interface Partition {
  topic: string;
  partition: number;
  next: bigint;
  paused: boolean;
}

/** What the group has given to this member, until it gives anew. */
interface Share {
  partitions: Partition[];
  /** By the id of the broker. */
  readers: Map<number, Promise<void>>;
  over: AbortController;
}

/**
 * The client's own stream lets a fetch that was under way during a rebalance move the offsets of what was assigned
 * meanwhile, so that records are skipped. So fetches are made here, and what was asked for by a former share is dropped.
 */
export class PlatformaticConsumer implements ConsumerSession {
  readonly #options: ConsumerOptions;
  readonly #listener: ConsumerListener;
  readonly #group: Consumer;
  /** With connections of its own: what the group has to say would wait behind a fetch. */
  readonly #reader: Consumer;
  readonly #topics: string[];
  readonly #member = Promise.withResolvers<void>();
  readonly #crash = Promise.withResolvers<KafkaError>();
  #share: Share = { partitions: [], readers: new Map(), over: new AbortController() };
  #startAt: readonly Position[] = [];
  /** How many partitions the topics had when they were assigned. */
  #size: number | undefined;
  #ended = false;

  constructor(client: ClientOptions, options: ConsumerOptions, listener: ConsumerListener) {
    const { group: groupId, topics, sessionTimeoutMs, heartbeatMs } = options;
    this.#options = options;
    this.#listener = listener;
    this.#topics = topics.toSorted();
    const rebalanceTimeout = 3 * sessionTimeoutMs;
    const common = { ...client, groupId, sessionTimeout: sessionTimeoutMs, rebalanceTimeout, metadataMaxAge };
    this.#group = new Consumer({
      ...common,
      retries: 4,
      retryDelay: 300,
      protocols,
      partitionAssigner,
      heartbeatInterval: heartbeatMs,
      heartbeatStallTimeout: sessionTimeoutMs,
      // A broker answers who joins when all have joined.
      requestTimeout: rebalanceTimeout + 5_000,
    });
    this.#reader = new Consumer({ ...common, retries: 0 });
    for (const consumer of [this.#group, this.#reader]) consumer.topics.trackAll(...this.#topics);
    this.#listen();
  }

  async join(startAt: readonly Position[] = []): Promise<void> {
    this.#startAt = startAt;
    await this.#group.joinGroup().catch((error: unknown) => Promise.reject(kafkaError(error)));
    await Promise.race([this.#member.promise, this.#crash.promise.then((error) => Promise.reject(error))]);
  }

  pause(topic: string, partition: number): () => void {
    const found = this.#share.partitions.find((each) => each.topic === topic && each.partition === partition);
    if (found) found.paused = true;
    return () => found && (found.paused = false);
  }

  async commit(positions: readonly Position[]): Promise<void> {
    await this.#group.commit({
      offsets: positions.map(({ offset, ...at }) => ({ ...at, offset: BigInt(offset), leaderEpoch: -1 })),
    });
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#share.over.abort();
    await Promise.all([this.#group.close(true), this.#reader.close(true)]);
  }

  #listen(): void {
    const group = this.#group;
    group.on('consumer:heartbeat:end', () => this.#listener.heartbeat());
    group.on('consumer:group:rebalance', () => {
      this.#share.over.abort();
      this.#listener.revoked();
    });
    group.on('consumer:group:join', ({ assignments }) => void this.#assigned(assignments ?? []));
    group.on('consumer:heartbeat:stalled', () => this.#stop(new NetworkError('no answer to heartbeats')));
    group.on('error' as never, ((error: Error) => this.#stop(error)) as never);
  }

  #stop(cause: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#share.over.abort();
    const error = kafkaError(cause);
    this.#crash.resolve(error);
    this.#listener.stopped(error);
  }

  async #assigned(assignments: GroupAssignment[]): Promise<void> {
    if (this.#ended) return;
    this.#share.over.abort();
    const share: Share = { partitions: [], readers: new Map(), over: new AbortController() };
    this.#share = share;
    this.#listener.assigned();
    try {
      const partitions = await this.#positions(assignments);
      if (share.over.signal.aborted) return;
      share.partitions = partitions;
      this.#startAt = [];
      await this.#readAll(share);
      this.#member.resolve();
    } catch (error) {
      if (!share.over.signal.aborted) this.#stop(error);
    }
  }

  async #positions(assignments: GroupAssignment[]): Promise<Partition[]> {
    if (assignments.length === 0) return [];
    const committed = await this.#group.listCommittedOffsets({ topics: assignments });
    const startAt = new Map(this.#startAt.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
    const known = assignments.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => {
        const at = startAt.get(`${topic}/${partition}`);
        const next = at === undefined ? (committed.get(topic)?.[partition] ?? -1n) : BigInt(at);
        return { topic, partition, next, paused: false };
      }),
    );
    const unknown = known.filter(({ next }) => next < 0n);
    if (unknown.length === 0) return known;
    const listed = await this.#listed(unknown, this.#options.from === 'beginning' ? EARLIEST : LATEST);
    for (const each of unknown) each.next = listed.get(each.topic)![each.partition]!;
    return known;
  }

  #listed(partitions: readonly Partition[], timestamp: bigint) {
    return this.#group.listOffsets({ topics: [...new Set(partitions.map(({ topic }) => topic))], timestamp });
  }

  /** What is not there any more, or not yet, is read from where the group begins. @returns whether there was any */
  async #moveInRange({ partitions, over }: Share): Promise<boolean> {
    const [low, high] = await Promise.all([this.#listed(partitions, EARLIEST), this.#listed(partitions, LATEST)]);
    const offsetIn = (offsets: typeof low, { topic, partition }: Partition) => offsets.get(topic)![partition]!;
    const lost = partitions.filter((each) => each.next < offsetIn(low, each) || each.next > offsetIn(high, each));
    if (over.signal.aborted) return false;
    for (const each of lost) each.next = offsetIn(this.#options.from === 'beginning' ? low : high, each);
    return lost.length > 0;
  }

  /** One reader for each broker; brokers may come later. */
  async #readAll(share: Share): Promise<ClusterMetadata> {
    const metadata = await this.#reader.metadata({ topics: [...this.#topics] });
    if (!share.over.signal.aborted)
      for (const node of metadata.brokers.keys())
        if (!share.readers.has(node)) share.readers.set(node, this.#read(node, share));
    return metadata;
  }

  async #read(node: number, share: Share): Promise<void> {
    const { signal } = share.over;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#readOnce(node, share);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (codesIn(error).includes('OFFSET_OUT_OF_RANGE') && (await this.#moveInRange(share).catch(() => false)))
          continue;
        if (kafkaError(error).kind === 'fatal' || failures++ >= mostFailures) return this.#stop(error);
        this.#reader.clearMetadata();
        await delay(againMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #readOnce(node: number, share: Share): Promise<void> {
    const { fetchWaitMs, restMs } = this.#options;
    const { signal } = share.over;
    const metadata = await this.#readAll(share);
    if (this.#hasGrown(metadata)) return void (await this.#group.joinGroup());
    const wanted = share.partitions.filter(
      ({ topic, partition, paused }) => !paused && metadata.topics.get(topic)?.partitions[partition]?.leader === node,
    );
    if (wanted.length === 0) {
      if (share.partitions.length === 0) this.#listener.fetched();
      return void (await delay(unwantedMs, undefined, { signal }).catch(() => {}));
    }
    const byTopic = Map.groupBy(wanted, ({ topic }) => topic);
    const response = await this.#reader.fetch({
      node,
      topics: [...byTopic].map(([topic, partitions]) => ({
        topicId: metadata.topics.get(topic)!.id,
        partitions: partitions.map(({ partition, next: fetchOffset }) => ({
          partition,
          fetchOffset,
          currentLeaderEpoch: -1,
          lastFetchedEpoch: -1,
          partitionMaxBytes,
        })),
      })),
      maxWaitTime: fetchWaitMs,
      minBytes: 1,
      maxBytes,
    });
    if (signal.aborted) return;
    const names = new Map([...byTopic.keys()].map((topic) => [metadata.topics.get(topic)!.id, topic]));
    const deliveries = response.responses.flatMap(({ topicId, partitions }) =>
      partitions.flatMap((fetched) => {
        const at = wanted.find(
          ({ topic, partition }) => topic === names.get(topicId) && partition === fetched.partitionIndex,
        );
        const end = endOf(fetched);
        if (!at || end === undefined) return [];
        const from = at.next;
        at.next = end;
        return deliveriesIn(at.topic, fetched, from);
      }),
    );
    this.#listener.fetched();
    if (deliveries.length === 0) return;
    this.#listener.records(deliveries);
    if (restMs) await delay(restMs, undefined, { signal }).catch(() => {});
  }

  #hasGrown({ topics }: ClusterMetadata): boolean {
    const size = [...topics.values()].reduce((sum, topic) => sum + (topic?.partitionsCount ?? 0), 0);
    const before = (this.#size ??= size);
    this.#size = size;
    if (size > before) this.#group.clearMetadata();
    return size > before;
  }
}
