import type { EpochMillis, Millis } from '@countersign/contracts/time';
import type { Delivery, Message } from '../bus.js';
import type { TopicSettings } from './topic-settings.js';

/**
 * What this library needs of a Kafka client. Batching, order, retries, commits and dead letters are ours and know no
 * client; an adapter only translates.
 */
export interface KafkaClient {
  producer(): ProducerSession;
  consumer(options: ConsumerOptions, listener: ConsumerListener): ConsumerSession;
  /** Creates those that do not exist and leaves alone those that do. */
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  /** The names of all topics that this client may see. */
  topics(): Promise<string[]>;
  /** What the cluster says of these topics, which are there. */
  topicSettings(topics: readonly string[]): Promise<TopicSettings[]>;
  /** Of each partition of these topics the first offset that is there, and the one that the next record gets. */
  offsets(topics: readonly string[]): Promise<PartitionOffsets[]>;
  /** Of each partition of these topics the first offset with a message from that time on; the end where there is none. */
  offsetsSince(topics: readonly string[], at: EpochMillis): Promise<Position[]>;
  /** Where the group has committed that it reads on; partitions without a commit are left out. */
  committed(group: string, topics: readonly string[]): Promise<Position[]>;
  /** Looks with a new connection whether the cluster answers. @throws the reason why it does not */
  ping(): Promise<void>;
}

/** An idempotent producer under one producer id: what is sent once is in the log once, except as `send` says. */
export interface ProducerSession {
  connect(): Promise<void>;
  /**
   * Appends all of them, those of a partition in order. The next one is called when this one has settled.
   *
   * @throws KafkaError. Then some may be in the log, sequence numbers are in doubt, and the session has to be closed.
   */
  send(messages: readonly Message[]): Promise<void>;
  /** From now on nothing reaches a broker any more, not even a retry of a request under way. */
  close(): Promise<void>;
}

export interface ConsumerOptions {
  group: string;
  topics: readonly string[];
  /** Where to read a partition of which the group has committed no offset. */
  from: 'beginning' | 'end';
  sessionTimeoutMs: Millis;
  heartbeatMs: Millis;
  /** How long the broker may hold a fetch back while there is nothing new. */
  fetchWaitMs: Millis;
  /** How long to leave the broker alone after records came, so that the next fetch brings more of them. Default: not at all. */
  restMs?: Millis;
}

/** The callbacks of a consumer session. None of them throws. */
export interface ConsumerListener {
  /** This member has its partitions, and what it had before is no longer its own. */
  assigned(): void;
  /** The group is about to assign partitions anew; what is committed now may still be taken. */
  revoked(): void;
  /** Of each partition in order. The session goes on fetching at once; see `pause`. */
  records(deliveries: readonly Delivery[]): void;
  /** The broker answered a fetch, with records or without, so that offsets are known. */
  fetched(): void;
  /** The coordinator answered a heartbeat. */
  heartbeat(): void;
  /** The session ended by itself. It still has to be closed. */
  stopped(error: KafkaError): void;
}

/** A member of a consumer group. It commits nothing by itself. */
export interface ConsumerSession {
  /** Resolves when it is a member. `startAt` takes precedence over what the group has committed. */
  join(startAt?: readonly Position[]): Promise<void>;
  /** Fetches no more of the partition, or of more than that, until what it returns is called. */
  pause(topic: string, partition: number): () => void;
  /** Remembers for the group which offset is to be read next. */
  commit(positions: readonly Position[]): Promise<void>;
  /** Leaves the group. */
  close(): Promise<void>;
}

export interface Position {
  topic: string;
  partition: number;
  offset: number;
}

interface PartitionOffsets {
  topic: string;
  partition: number;
  low: number;
  high: number;
}

export interface NewTopic {
  topic: string;
  partitions: number;
  replicationFactor: number;
  /** By Kafka's names, beside what the brokers have. */
  settings?: Readonly<Record<string, string>>;
}

/**
 * - `transient`: may pass, and anything is that is not one of the others.
 * - `refused`: the broker will never take one of the messages.
 * - `fatal`: waiting does not cure it, such as missing rights or a bug of the client.
 */
export type KafkaErrorKind = 'transient' | 'refused' | 'fatal';

export class KafkaError extends Error {
  override readonly name = 'KafkaError';

  constructor(
    readonly kind: KafkaErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
