import { randomUUID } from 'node:crypto';
import type { Log } from '@countersign/contracts';
import type { Millis } from '@countersign/contracts/time';
import type { Delivery, Subscription, TailOptions } from '../../bus.js';
import { Tails } from '../../delivery/tails.js';
import { KafkaConsumer } from '../consumer.js';
import type { KafkaClient, Position } from '../kafka-client.js';
import { beforeEnd } from '../topics.js';

/** No other member takes over from a tail, so that none waits for it to leave. */
const fetchWaitMs = 4_000;
/** Nobody decides on what a tail shows, so that a little later with less work is better. */
const restMs = 20;

interface Options {
  client: KafkaClient;
  clientId: string;
  sessionTimeoutMs: Millis;
  ready: Promise<void>;
  /** Resolves when all have begun that tail from the start. */
  started: Promise<void>;
  log: Log;
  onFatal: (error: Error) => void;
}

/**
 * All tails of a process that begin before all are started share one consumer, which is one fetch for all of them
 * instead of one each. Those that begin later share another.
 */
export class KafkaTails {
  readonly #options: Options;
  #gathering: SharedConsumer | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  tail(options: TailOptions): Subscription {
    return (this.#gathering ??= this.#gather()).add(options);
  }

  #gather(): SharedConsumer {
    const shared = new SharedConsumer(this.#options);
    const start = () => {
      this.#gathering = undefined;
      shared.start();
    };
    void Promise.all([this.#options.ready, this.#options.started]).then(() => setImmediate(start), start);
    return shared;
  }
}

/** One consumer, in a group of its own, and those that look at what it reads. */
class SharedConsumer {
  readonly #options: Options;
  readonly #tails: Tails;
  /** By topic and partition, where what is new began. */
  readonly #ends = new Map<string, number>();
  #consumer: KafkaConsumer | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#tails = new Tails(options.log);
  }

  add(options: TailOptions): Subscription {
    // The same options twice are two tails.
    const tail = { ...options };
    this.#tails.add(tail);
    const joined = () => this.#tails.has(tail) && (this.#consumer?.joined ?? false);
    return {
      get joined() {
        return joined();
      },
      close: () => this.#remove(tail),
    };
  }

  start(): void {
    if (this.#tails.size === 0) return;
    this.#consumer = new KafkaConsumer({
      ...this.#options,
      group: `${this.#options.clientId}-tail-${randomUUID()}`,
      topics: this.#tails.topics,
      from: 'end',
      fetchWaitMs,
      restMs,
      leavesFirst: false,
      startAt: () => this.#latest(),
      records: (deliveries) => {
        for (const delivery of deliveries) this.#show(delivery);
      },
    });
  }

  async #latest(): Promise<Position[]> {
    const wanting = this.#tails.wantingLatest;
    if (wanting.length === 0) return [];
    const topics = [...new Set(wanting.flatMap((tail) => tail.topics))];
    const last = Math.max(...wanting.map((tail) => tail.last ?? 0));
    const positions = await beforeEnd(this.#options.client, topics, last);
    for (const { topic, partition, end } of positions) this.#ends.set(`${topic}/${partition}`, end);
    return positions.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  #show(delivery: Delivery): void {
    const { topic, partition, offset } = delivery;
    this.#tails.show(delivery, { old: Number(offset) < (this.#ends.get(`${topic}/${partition}`) ?? 0) });
  }

  async #remove(tail: TailOptions): Promise<void> {
    this.#tails.remove(tail);
    if (this.#tails.size === 0) await this.#consumer?.close();
  }
}
