import { randomUUID } from 'node:crypto';
import type { Log } from '@countersign/contracts';
import type { Kafka } from 'kafkajs';
import type { Delivery, TailOptions, Subscription } from '../bus.js';
import { beforeEnd } from './client.js';
import { KafkaConsumer } from './consumer.js';
import { toDelivery } from './subscription.js';

/** Nobody takes over from a tail, so that nobody waits for it to leave. */
const fetchWaitMs = 4_000;

interface Options {
  kafka: Kafka;
  clientId: string;
  sessionTimeoutMs: number;
  ready: Promise<void>;
  log: Log;
  onFatal: (error: Error) => void;
}

/**
 * All tails of a process that begin before the topics are there share one consumer, which is one fetch for all of
 * them instead of one each. Those that begin later share another.
 */
export class KafkaTails {
  readonly #options: Options;
  #gathering: SharedTail | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  tail(options: TailOptions): Subscription {
    return (this.#gathering ??= this.#gather()).add(options);
  }

  #gather(): SharedTail {
    const shared = new SharedTail(this.#options);
    const start = () => {
      this.#gathering = undefined;
      shared.start();
    };
    void this.#options.ready.then(() => setImmediate(start), start);
    return shared;
  }
}

/** One consumer, and those that look at what it reads. */
class SharedTail {
  readonly #options: Options;
  readonly #members = new Set<TailOptions>();
  /** By topic and partition, where what is new began. */
  readonly #ends = new Map<string, number>();
  #consumer: KafkaConsumer | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  add(member: TailOptions): Subscription {
    this.#members.add(member);
    const joined = () => this.#members.has(member) && (this.#consumer?.joined ?? false);
    return {
      get joined() {
        return joined();
      },
      close: () => this.#remove(member),
    };
  }

  start(): void {
    if (this.#members.size === 0) return;
    const { clientId } = this.#options;
    const topics = [...new Set([...this.#members].flatMap((member) => member.topics))];
    this.#consumer = new KafkaConsumer({
      ...this.#options,
      group: `${clientId}-tail-${randomUUID()}`,
      topics,
      fromBeginning: false,
      fetchWaitMs,
      leavesFirst: false,
      beginAt: () => this.#begin(),
      eachBatch: async ({ batch: { topic, partition, messages }, resolveOffset }) => {
        for (const message of messages) this.#show(toDelivery(topic, partition, message));
        resolveOffset(messages.at(-1)!.offset);
      },
    });
  }

  async #begin(): Promise<{ topic: string; partition: number; offset: string }[]> {
    const wanted = [...this.#members].filter(({ last = 0 }) => last > 0);
    if (wanted.length === 0) return [];
    const topics = [...new Set(wanted.flatMap((member) => member.topics))];
    const last = Math.max(...wanted.map((member) => member.last ?? 0));
    const positions = await beforeEnd(this.#options.kafka, topics, last);
    for (const { topic, partition, end } of positions) this.#ends.set(`${topic}/${partition}`, end);
    return positions.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  #show(delivery: Delivery): void {
    const { topic, partition, offset } = delivery;
    // Whoever wants nothing older than its start does not see what is read for others.
    const isOld = Number(offset) < (this.#ends.get(`${topic}/${partition}`) ?? 0);
    for (const { topics, last = 0, handle } of this.#members) {
      if (!topics.includes(topic) || (isOld && last === 0)) continue;
      try {
        handle(delivery);
      } catch (error) {
        this.#options.log.warn({ err: error, topic, partition, offset }, 'a tailing consumer threw; ignored');
      }
    }
  }

  async #remove(member: TailOptions): Promise<void> {
    this.#members.delete(member);
    if (this.#members.size === 0) await this.#consumer?.close();
  }
}
