import type { Log } from '@countersign/contracts';
import type { Delivery, TailOptions } from '../bus.js';

/** The consumers in this process that tail the log. What they throw is logged and changes nothing. */
export class Tails {
  readonly #log: Log;
  readonly #tails = new Map<TailOptions, ReadonlySet<string>>();

  constructor(log: Log) {
    this.#log = log;
  }

  get size(): number {
    return this.#tails.size;
  }

  /** All topics that one of them wants. */
  get topics(): string[] {
    return [...new Set([...this.#tails.values()].flatMap((topics) => [...topics]))];
  }

  /** Those that want messages from before they began. */
  get wantingLatest(): TailOptions[] {
    return [...this.#tails.keys()].filter(({ last = 0 }) => last > 0);
  }

  has(tail: TailOptions): boolean {
    return this.#tails.has(tail);
  }

  add(tail: TailOptions): void {
    this.#tails.set(tail, new Set(tail.topics));
  }

  remove(tail: TailOptions): void {
    this.#tails.delete(tail);
  }

  clear(): void {
    this.#tails.clear();
  }

  /** Shows the delivery to all that want its topic; one that is `old` only to those that want the latest too. */
  show(delivery: Delivery, { old = false } = {}): void {
    for (const [tail, topics] of this.#tails) {
      if (topics.has(delivery.topic) && !(old && (tail.last ?? 0) === 0)) this.showTo(tail, delivery);
    }
  }

  showTo({ handle }: TailOptions, delivery: Delivery): void {
    try {
      handle(delivery);
    } catch (error) {
      const { topic, partition, offset } = delivery;
      this.#log.warn({ err: error, topic, partition, offset }, 'tailing consumer threw; ignored');
    }
  }
}
