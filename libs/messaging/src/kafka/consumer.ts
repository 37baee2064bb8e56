import type { Log } from '@countersign/contracts';
import { jitteredBackoffMs } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';
import type { Delivery } from '../bus.js';
import { Outage, retry } from '../delivery/retry.js';
import { withTimeout } from '../delivery/with-timeout.js';
import type {
  ConsumerListener,
  ConsumerOptions,
  ConsumerSession,
  KafkaClient,
  KafkaError,
  Position,
} from './kafka-client.js';

/** At most, and after each fetch that brings nothing: how soon a member sees that others join or leave. */
const heartbeatMs = 300;
/** Without an answered heartbeat for so long, the broker counts as out of reach. */
const silentMs = 4_500;
const closeWithinMs = 5_000;
/** A session that lasts for so long counts as one that works. */
const stableMs = 30_000;
/** After the second session in a row that does not; after the first it joins again at once. */
const backoff = { first_ms: 200, longest_ms: 10_000 };

interface Options extends Omit<ConsumerOptions, 'heartbeatMs'> {
  client: KafkaClient;
  /** Whether closing waits until it has left the group, so that nothing comes twice. */
  leavesFirst: boolean;
  /** Resolves when the topics exist. */
  ready: Promise<void>;
  records: (deliveries: readonly Delivery[]) => void;
  /** Where to start, looked up once, when that is neither where the group was nor an end of the topics. */
  startAt?: () => Promise<Position[]>;
  /** @see ConsumerListener */
  onRevoked?: () => void;
  onAssigned?: () => void;
  log: Log;
  onFatal: (error: Error) => void;
}

/** A member of a group for as long as it is not closed: when its session ends by itself, a fresh one takes its place. */
export class KafkaConsumer {
  readonly #options: Options;
  readonly #closing = new AbortController();
  readonly #closed: Promise<void>;
  readonly #running: Promise<void>;
  #session: ConsumerSession | undefined;
  #fetching = false;
  #lastAnswer = 0;
  #startAt: Options['startAt'];

  constructor(options: Options) {
    this.#options = options;
    this.#startAt = options.startAt;
    this.#closed = new Promise((resolve) => this.#closing.signal.addEventListener('abort', () => resolve()));
    this.#running = this.#run();
  }

  /** Whether messages can arrive: it knows its partitions and where to read them, and the broker answers. */
  get joined(): boolean {
    return this.#fetching && Date.now() - this.#lastAnswer < silentMs;
  }

  async commit(positions: readonly Position[]): Promise<void> {
    await this.#session?.commit(positions);
  }

  /** @returns how to go on, or undefined when it is no member now. */
  pause(topic: string, partition: number): (() => void) | undefined {
    return this.#session?.pause(topic, partition);
  }

  close(): Promise<void> {
    this.#closing.abort();
    return this.#running;
  }

  async #run(): Promise<void> {
    const { group, leavesFirst, log, onFatal } = this.#options;
    const { signal } = this.#closing;
    const outage = new Outage(log, `joining the consumer group ${group}`);
    /** How many sessions in a row ended soon after they began, such as by a record that its client cannot read. */
    let failures = 0;
    while (!signal.aborted) {
      const join = retry(() => this.#join(), { outage, signal, retryable: () => true }).catch(() => undefined);
      const member = await Promise.race([join, this.#closed]);
      if (!member) return;
      const joinedAt = performance.now();
      const error = await Promise.race([member.stopped, this.#closed]);
      const left = this.#leave(member.session);
      if (!error && !leavesFirst) return;
      await left;
      if (!error) return;
      if (performance.now() - joinedAt > stableMs) failures = 0;
      if (failures === 0 || error.kind === 'fatal')
        log.warn({ err: error, group }, 'consumer session ended, rejoining with backoff unless fatal');
      if (error.kind === 'fatal') return onFatal(error);
      if (failures++ > 0)
        await delay(jitteredBackoffMs(backoff, failures - 2), undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Once closed it undoes itself, however far it came. */
  async #join(): Promise<{ session: ConsumerSession; stopped: Promise<KafkaError> }> {
    const { client, ready, group, topics, from, sessionTimeoutMs, fetchWaitMs, restMs = 0 } = this.#options;
    const { signal } = this.#closing;
    await ready;
    const startAt = await this.#startAt?.();
    signal.throwIfAborted();
    const stopped = Promise.withResolvers<KafkaError>();
    const options = { group, topics, from, sessionTimeoutMs, heartbeatMs, fetchWaitMs, restMs };
    const session = client.consumer(options, this.#listener(stopped.resolve));
    this.#session = session;
    try {
      await session.join(startAt);
      signal.throwIfAborted();
      this.#startAt = undefined;
      return { session, stopped: stopped.promise };
    } catch (error) {
      await this.#leave(session);
      throw error;
    }
  }

  #listener(stopped: (error: KafkaError) => void): ConsumerListener {
    const { signal } = this.#closing;
    const answered = () => (this.#lastAnswer = Date.now());
    return {
      heartbeat: answered,
      fetched: () => (this.#fetching = !signal.aborted),
      records: (deliveries) => (signal.aborted ? undefined : this.#options.records(deliveries)),
      assigned: () => {
        answered();
        this.#options.onAssigned?.();
      },
      revoked: () => {
        this.#fetching = false;
        this.#options.onRevoked?.();
      },
      stopped: (error) => {
        this.#fetching = false;
        stopped(error);
      },
    };
  }

  async #leave(session: ConsumerSession): Promise<void> {
    this.#fetching = false;
    this.#session = undefined;
    await withTimeout(closeWithinMs, 'leaving the group', session.close()).catch(() => {});
  }
}
