import type { Log } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import type { Millis } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  Bus,
  HistoryOptions,
  LogHistory,
  TopicLag,
  TailOptions,
  Message,
  ReadOptions,
  Subscription,
} from '../bus.js';
import type { KafkaClient } from './kafka-client.js';
import { KafkaTails } from './readers/kafka-tails.js';
import { KafkaProducer } from './producer.js';
import { readAll } from './readers/read-all.js';
import { KafkaSubscription } from './subscription.js';
import { createTopics, findTopics, historyOf, lagOf, missingTopics } from './topics.js';
import { deadLetterTopic } from '../delivery/dead-letters.js';
import { deliverer } from '../delivery/delivery.js';
import type { BusObserver } from '../delivery/observer.js';
import { Outage, retry } from '../delivery/retry.js';
import { withTimeout } from '../delivery/with-timeout.js';

const historyTimeoutMs = 10_000;

export interface KafkaBusOptions {
  client: KafkaClient;
  /** What the consumer groups of tails are named after. */
  clientId: string;
  /** All topics that are published to, without the dead letters. */
  topics: readonly string[];
  /** Of a topic that is created here. */
  partitions: number;
  replicationFactor: number;
  /** Whether to create the topics that do not exist, or to wait until an operator does. */
  createTopics: boolean;
  /** Tails that begin before it resolves share a consumer. Default: those before the topics are there. */
  started?: Promise<void>;
  /** How long a member that crashed keeps its partitions to itself. */
  sessionTimeoutMs?: Millis;
  /** How often to look whether the topics are still there. */
  topicsEveryMs?: Millis;
  /** How long a publish may wait to be confirmed. */
  publishTimeoutMs?: Millis;
  log: Log;
  observer?: BusObserver;
  /** A consumer ended for a reason that waiting does not cure; the process should end and be restarted. */
  onFatal: (error: Error) => void;
}

/**
 * The log on Kafka. Nothing is connected when the constructor returns, and nothing gives up: a broker that is away at
 * the start, or at any time later, is waited for.
 */
export class KafkaBus implements Bus {
  readonly #options: KafkaBusOptions;
  readonly #producer: KafkaProducer;
  readonly #tails: KafkaTails;
  readonly #topics: ReadonlySet<string>;
  readonly #ready: Promise<void>;
  /** What every member of a group is made with. */
  readonly #member: Pick<KafkaBusOptions, 'log' | 'onFatal'> & {
    client: KafkaClient;
    ready: Promise<void>;
    sessionTimeoutMs: Millis;
  };
  readonly #subscriptions = new Set<Subscription>();
  readonly #closing = new AbortController();

  constructor(options: KafkaBusOptions) {
    const { client, clientId, log, onFatal, publishTimeoutMs = 30_000, sessionTimeoutMs = 10_000 } = options;
    const { started = Promise.resolve() } = options;
    this.#options = options;
    this.#topics = new Set([...options.topics, deadLetterTopic]);
    this.#ready = this.#prepareTopics();
    void this.#ready.then(() => this.#watchTopics()).catch(() => {});
    this.#producer = new KafkaProducer({ client, log, publishTimeoutMs, ready: this.#ready });
    this.#member = { client, ready: this.#ready, sessionTimeoutMs, log, onFatal };
    this.#tails = new KafkaTails({ ...this.#member, clientId, started });
  }

  async publish(messages: readonly Message[]): Promise<void> {
    // The client would look for an unknown topic until the deadline, and what is sent with it would wait.
    for (const { topic } of messages) {
      if (!this.#topics.has(topic)) throw new TerminalError('not_publishable', `${topic} is not a topic of this bus`);
    }
    await this.#producer.publish(messages);
    for (const { topic } of messages) if (topic !== deadLetterTopic) this.#options.observer?.published(topic);
  }

  subscribe({ group, topics, handle }: Parameters<Bus['subscribe']>[0]): Subscription {
    const { log, observer } = this.#options;
    const deliver = deliverer({ group, handle, publish: (message) => this.publish([message]), log, observer });
    const assigned = () => observer?.assigned?.(group);
    return this.#track(new KafkaSubscription({ ...this.#member, group, topics, deliver, assigned }));
  }

  tail(options: TailOptions): Subscription {
    return this.#track(this.#tails.tail(options));
  }

  read(options: ReadOptions): Promise<void> {
    return readAll({ ...this.#member, clientId: this.#options.clientId }, options);
  }

  history(options: HistoryOptions): Promise<LogHistory> {
    return withTimeout(historyTimeoutMs, 'reading the history of Kafka', historyOf(this.#options.client, options));
  }

  lag({ group, topics }: Parameters<Bus['lag']>[0]): Promise<TopicLag[]> {
    return withTimeout(historyTimeoutMs, 'reading offsets of Kafka', lagOf(this.#options.client, group, topics));
  }

  /** A topic that is not there, or is there no more, is named. */
  ping(): Promise<void> {
    const { client, topics } = this.#options;
    return findTopics(client, topics);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#closing.abort();
    await this.#producer.close();
  }

  #track(subscription: Subscription): Subscription {
    const subscriptions = this.#subscriptions.add(subscription);
    return {
      get joined() {
        return subscription.joined;
      },
      close: () => subscription.close().finally(() => subscriptions.delete(subscription)),
    };
  }

  /** Topics that somebody deletes while this runs are made again, unless that is for an operator to do. What was in them is lost. */
  async #watchTopics(): Promise<void> {
    const {
      client,
      createTopics: create,
      log,
      partitions,
      replicationFactor,
      topics,
      topicsEveryMs = 5_000,
    } = this.#options;
    const { signal } = this.#closing;
    for (let known = ''; !signal.aborted;) {
      await delay(topicsEveryMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      // An unreachable cluster is reported by whoever needs it.
      const missing = await missingTopics(client, topics).catch(() => undefined);
      if (!missing) continue;
      if (missing.length > 0 && missing.join() !== known)
        log.error({ topics: missing }, create ? 'topics are gone, creating them again' : 'topics are gone');
      known = missing.join();
      if (create && missing.length > 0)
        await createTopics(client, { topics: missing, partitions, replicationFactor }).catch((err: unknown) =>
          log.warn({ err }, 'cannot create topics again, retrying'),
        );
    }
  }

  #prepareTopics(): Promise<void> {
    const { client, log, createTopics: create, topics } = this.#options;
    const outage = new Outage(log, create ? 'creating topics' : 'finding topics');
    const attempt = () => (create ? createTopics(client, this.#options) : findTopics(client, topics));
    return retry(attempt, { outage, signal: this.#closing.signal, retryable: () => true });
  }
}
