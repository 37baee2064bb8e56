import type { Log } from '@countersign/contracts';
import type { Consumer, EachBatchHandler, Kafka } from 'kafkajs';
import { clientRetry } from './client.js';
import { Outage, retry } from '../delivery/retry.js';
import { withTimeout } from '../delivery/with-timeout.js';

export const heartbeatMs = 1_500;
/** Without an answered heartbeat for so long, the broker counts as out of reach. */
const silentMs = 3 * heartbeatMs;
const closeWithinMs = 5_000;

interface Options {
  kafka: Kafka;
  group: string;
  topics: readonly string[];
  fromBeginning: boolean;
  /** How long a fetch waits for a message. Heartbeats, and so noticing a rebalance, may wait as long; so may closing. */
  fetchWaitMs: number;
  /** Whether closing waits until it has left the group, so that nothing comes twice. */
  leavesFirst: boolean;
  /** After a crash, others take over its partitions this late. */
  sessionTimeoutMs: number;
  /** Resolves when the topics exist. */
  ready: Promise<void>;
  eachBatch: EachBatchHandler;
  /** Where to read from, when that is neither where the group was nor an end of the topics. */
  beginAt?: () => Promise<{ topic: string; partition: number; offset: string }[]>;
  /** The group assigns partitions anew: what is uncommitted is committed now or delivered again. */
  onRebalancing?: () => void;
  /** Partitions were assigned. */
  onJoin?: () => void;
  log: Log;
  onFatal: (error: Error) => void;
}

/** A consumer that is there for as long as it is not closed: when kafkajs gives up, a fresh one takes its place. */
export class KafkaConsumer {
  readonly #options: Options;
  readonly #closing = new AbortController();
  readonly #closed: Promise<void>;
  readonly #running: Promise<void>;
  #consumer: Consumer | undefined;
  #fetching = false;
  #lastAnswer = 0;
  #begun = false;

  constructor(options: Options) {
    this.#options = options;
    this.#closed = new Promise((resolve) => this.#closing.signal.addEventListener('abort', () => resolve()));
    this.#running = this.#run();
  }

  /** Whether messages can arrive: it knows its partitions and where to read them, and the broker answers. */
  get joined(): boolean {
    return this.#fetching && Date.now() - this.#lastAnswer < silentMs;
  }

  /** Remembers that everything before these offsets is handled. */
  async commit(offsets: { topic: string; partition: number; offset: string }[]): Promise<void> {
    await this.#consumer?.commitOffsets(offsets);
  }

  close(): Promise<void> {
    this.#closing.abort();
    return this.#running;
  }

  async #run(): Promise<void> {
    const { group, leavesFirst, log, onFatal } = this.#options;
    const { signal } = this.#closing;
    const outage = new Outage(log, `joining the group ${group}`);
    while (!signal.aborted) {
      const join = retry(() => this.#join(), { outage, signal, retryable: () => true }).catch(() => undefined);
      const joined = await Promise.race([join, this.#closed]);
      if (!joined) return;
      const crash = await Promise.race([joined.crashed, this.#closed]);
      const left = this.#leave(joined.consumer);
      if (!crash && !leavesFirst) return;
      await left;
      if (!crash) return;
      log.warn({ err: crash, group }, 'the consumer stopped');
      if (!mayPass(crash)) return onFatal(crash);
    }
  }

  /** Once closed it undoes itself, however far it came. */
  async #join(): Promise<{ consumer: Consumer; crashed: Promise<Error> }> {
    const { kafka, group, topics, fromBeginning, sessionTimeoutMs, ready, eachBatch } = this.#options;
    const { signal } = this.#closing;
    await ready;
    signal.throwIfAborted();
    const consumer = kafka.consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      heartbeatInterval: heartbeatMs,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: 3 * sessionTimeoutMs,
      maxWaitTimeInMs: this.#options.fetchWaitMs,
      retry: { ...clientRetry, restartOnFailure: async () => false },
    });
    const { joined, crashed } = this.#watch(consumer);
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: topics.toSorted(), fromBeginning });
      signal.throwIfAborted();
      this.#consumer = consumer;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => (signal.aborted ? undefined : eachBatch(payload)),
      });
      await Promise.race([joined, crashed.then((error) => Promise.reject(error))]);
      signal.throwIfAborted();
      await this.#begin(consumer);
      return { consumer, crashed };
    } catch (error) {
      await this.#leave(consumer);
      throw error;
    }
  }

  async #begin(consumer: Consumer): Promise<void> {
    if (this.#begun) return;
    for (const position of (await this.#options.beginAt?.()) ?? []) consumer.seek(position);
    this.#begun = true;
  }

  #watch(consumer: Consumer): { joined: Promise<void>; crashed: Promise<Error> } {
    const { events } = consumer;
    const joined = Promise.withResolvers<void>();
    const crashed = Promise.withResolvers<Error>();
    const answered = () => (this.#lastAnswer = Date.now());
    consumer.on(events.HEARTBEAT, answered);
    consumer.on(events.GROUP_JOIN, () => {
      answered();
      joined.resolve();
      this.#options.onJoin?.();
    });
    consumer.on(events.FETCH, () => {
      this.#fetching = !this.#closing.signal.aborted;
    });
    consumer.on(events.REBALANCING, () => {
      this.#fetching = false;
      this.#options.onRebalancing?.();
    });
    consumer.on(events.CRASH, ({ payload }) => {
      this.#fetching = false;
      crashed.resolve(payload.error);
    });
    return { joined: joined.promise, crashed: crashed.promise };
  }

  async #leave(consumer: Consumer): Promise<void> {
    this.#fetching = false;
    this.#consumer = undefined;
    await withTimeout(closeWithinMs, 'leaving the group', consumer.disconnect()).catch(() => {});
  }
}

/**
 * Whatever kafkajs says of the broker may pass, also what it calls not retriable, such as a coordinator that it cannot
 * find while a broker goes down. A refusal to let us in does not, and anything else is a bug.
 */
function mayPass(error: Error): boolean {
  let root: unknown = error;
  while (root instanceof Error && root.cause !== undefined) root = root.cause;
  if (!(root instanceof Error)) return false;
  const isRefusal = /AUTHORI[SZ]ATION|AUTHENTICATION|SASL/i.test(
    `${root.name} ${'type' in root ? String(root.type) : ''}`,
  );
  const isOfNetwork = 'syscall' in root;
  return (root.name.startsWith('KafkaJS') || isOfNetwork) && !isRefusal;
}
