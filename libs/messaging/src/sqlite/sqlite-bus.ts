import { RetryableError, type Log } from '@countersign/contracts';
import type { SqliteFile } from '@countersign/sqlite';
import type { Bus, Delivery, TailOptions, Handler, Message, Subscription } from '../bus.js';
import { SqliteGroup } from './group.js';
import { SqliteLog } from './log.js';
import { trimLog } from './trim.js';
import { deadLetterTopic } from '../delivery/dead-letters.js';
import { deliverer } from '../delivery/delivery.js';
import type { BusObserver } from '../delivery/observer.js';

interface Tail {
  topics: ReadonlySet<string>;
  handle: (delivery: Delivery) => void;
}

/** The embedded log: one table, and groups that live in this process. Nobody polls; publishing wakes who waits. */
export class SqliteBus implements Bus {
  readonly #log: Log;
  readonly #observer: BusObserver | undefined;
  readonly #file: SqliteFile;
  readonly #table: SqliteLog;
  readonly #groups = new Map<string, SqliteGroup>();
  readonly #tails = new Set<Tail>();
  #closed = false;

  constructor(file: SqliteFile, { log, observer }: { log: Log; observer?: BusObserver }) {
    this.#log = log;
    this.#observer = observer;
    this.#file = file;
    this.#table = new SqliteLog(file);
  }

  async publish(messages: readonly Message[]): Promise<void> {
    if (this.#closed) throw new RetryableError('the bus is closed');
    if (messages.length === 0) return;
    await this.#table.append(messages, this.#announce);
  }

  /**
   * Publishes as part of a write of the same file that is under way, so that both happen or neither does.
   *
   * @returns what to call once that is on disk, in the order of the writes.
   */
  publishWithin(messages: readonly Message[]): () => void {
    const deliveries = this.#table.insert(messages);
    return () => this.#announce(deliveries);
  }

  subscribe({ group: name, topics, handle }: Parameters<Bus['subscribe']>[0]): Subscription {
    let group = this.#groups.get(name);
    if (!group || group.over) {
      group = new SqliteGroup(name, this.#table, this.#log, group?.over);
      this.#groups.set(name, group);
    }
    return group.join(topics, this.#deliverer(name, handle));
  }

  tail({ topics, handle, last = 0 }: TailOptions): Subscription {
    const tail = { topics: new Set(topics), handle };
    const tails = this.#tails.add(tail);
    if (last > 0) this.#show(tail, this.#table.latest(topics, last * topics.length));
    return {
      get joined() {
        return tails.has(tail);
      },
      async close() {
        tails.delete(tail);
      },
    };
  }

  /** Removes old messages that every group has handled; see {@link trimLog}. */
  trim(before: number): AsyncIterable<number> {
    return trimLog(this.#file, before, () => new Map([...this.#groups].map(([name, { named }]) => [name, named])));
  }

  async ping(): Promise<void> {
    this.#table.ping();
  }

  async close(): Promise<void> {
    this.#tails.clear();
    await Promise.all([...this.#groups.values()].map((group) => group.close()));
    this.#closed = true;
  }

  readonly #announce = (deliveries: readonly Delivery[]): void => {
    for (const group of this.#groups.values()) group.offer(deliveries);
    for (const tail of this.#tails) this.#show(tail, deliveries);
    for (const { topic } of deliveries) if (topic !== deadLetterTopic) this.#observer?.published(topic);
  };

  #deliverer(group: string, handle: Handler) {
    const publish = (message: Message) => this.publish([message]);
    return deliverer({ group, handle, publish, log: this.#log, observer: this.#observer });
  }

  #show({ topics, handle }: Tail, deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (!topics.has(delivery.topic)) continue;
      try {
        handle(delivery);
      } catch (error) {
        this.#log.warn(
          { err: error, topic: delivery.topic, offset: delivery.offset },
          'a tailing consumer threw; ignored',
        );
      }
    }
  }
}
