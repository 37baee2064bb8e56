import type { EpochMillis } from '@countersign/contracts/time';

/** Bytes on a topic. Everything above this port speaks events; the bus never looks inside. */
export interface Message {
  topic: string;
  /** Messages of one key are delivered in the order in which they were published. */
  key: string | null;
  headers: Record<string, string>;
  value: Buffer | null;
}

/** A message as it comes out of the log; `partition` and `offset` name it for ever. */
export interface Delivery extends Message {
  partition: number;
  offset: string;
  /** Epoch milliseconds at which the log took it. */
  timestamp: number;
}

/**
 * Handles one message. Resolving acknowledges it. A RetryableError makes the bus wait and hand over the same message
 * again, for as long as it takes; anything else that is thrown sends it to the dead letters.
 */
export type Handler = (delivery: Delivery) => Promise<void>;

export interface Subscription {
  /** Whether messages can arrive now: false before the group is joined and while the broker is out of reach. */
  readonly joined: boolean;
  /** Takes no more messages, waits for the handlers at work, remembers what was handled, and leaves the group. */
  close(): Promise<void>;
}

export interface TailOptions {
  topics: readonly string[];
  /** What it throws is logged, and changes nothing. */
  handle(delivery: Delivery): void;
  /** Begin with the latest messages, about so many for each topic; what is new meanwhile may come twice. */
  last?: number;
}

export interface ReadOptions {
  topics: readonly string[];
  /** Gets some at a time, those of a partition in order, and the next when this has settled. What it throws ends the reading. */
  take(deliveries: readonly Delivery[]): Promise<void>;
}

/** What a log remembers, by which a store can tell that it is the one that belongs to it. */
export interface LogHistory {
  /** Whether the topics have ever taken a message; one that is missing has not. */
  written: boolean;
  /** Whether they have taken one since the time that was asked about. */
  writtenSince: boolean;
  /** Whether the group has handled anything of its topics. */
  handled: boolean;
}

export interface HistoryOptions {
  /** Those that are looked at for what was written. */
  topics: readonly string[];
  since: EpochMillis;
  group: string;
  groupTopics: readonly string[];
}

/** How many messages of a topic a group has not handled yet. */
export interface TopicLag {
  topic: string;
  messages: number;
}

/**
 * The event log.
 *
 * - What `publish` resolved is durable and will be delivered to every group at least once, also to groups that first
 *   subscribe later: a new group starts at the beginning.
 * - Within a group each message goes to one member. Messages of one key and topic are handled one after another in
 *   order; those of different keys at the same time, though a slow one may hold up what comes later in its partition.
 *   There is no order between topics.
 * - A crash loses nothing: whatever was not acknowledged, and possibly a little that was, is delivered again.
 */
export interface Bus {
  /**
   * Appends all of them or throws: a RetryableError, or a TerminalError when one of them can never be appended, such as
   * one that is too large. After an error some may have been appended all the same.
   */
  publish(messages: readonly Message[]): Promise<void>;
  /** Joins a group, now or as soon as the broker can be reached. Members of one process name the same topics; another version may name others. */
  subscribe(options: { group: string; topics: readonly string[]; handle: Handler }): Subscription;
  /** Sees every message from about now on, whatever the groups do; for live views. Nothing is remembered or retried. */
  tail(options: TailOptions): Subscription;
  /** Reads all that is there now, once, no faster than it is taken. Nothing is remembered. @throws when the log does not give all of it */
  read(options: ReadOptions): Promise<void>;
  /** Looks back, without joining the group. @throws the reason why it cannot */
  history(options: HistoryOptions): Promise<LogHistory>;
  /** Of each topic that is there, whichever member it is that handles them. @throws the reason why it is not known */
  lag(options: { group: string; topics: readonly string[] }): Promise<TopicLag[]>;
  /** Whether the log can be reached; throws the reason why not. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
