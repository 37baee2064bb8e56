import type { Log } from '@countersign/contracts';
import { RetryableError } from '@countersign/contracts/problems';
import type { SqliteFile } from '@countersign/sqlite';
import type {
  Bus,
  Delivery,
  HistoryOptions,
  LogHistory,
  TopicLag,
  TailOptions,
  Handler,
  Message,
  ReadOptions,
  Subscription,
} from '../bus.js';
import { SqliteGroup } from './group.js';
import { SqliteLog } from './log.js';
import { trimLog } from './trim.js';
import { deadLetterTopic } from '../delivery/dead-letters.js';
import { deliverer } from '../delivery/delivery.js';
import type { BusObserver } from '../delivery/observer.js';
import { Tails } from '../delivery/tails.js';

const readAtOnce = 500;

/** The embedded log: one table, and groups that live in this process. No polling: publishing wakes who waits. */
export class SqliteBus implements Bus {
  readonly #log: Log;
  readonly #observer: BusObserver | undefined;
  readonly #file: SqliteFile;
  readonly #table: SqliteLog;
  readonly #groups = new Map<string, SqliteGroup>();
  readonly #tails: Tails;
  #closed = false;

  constructor(file: SqliteFile, { log, observer }: { log: Log; observer?: BusObserver }) {
    this.#log = log;
    this.#observer = observer;
    this.#file = file;
    this.#table = new SqliteLog(file);
    this.#tails = new Tails(log);
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

  tail(options: TailOptions): Subscription {
    const tail = { ...options };
    const { topics, last = 0 } = tail;
    const tails = this.#tails;
    tails.add(tail);
    if (last > 0) for (const delivery of this.#table.latest(topics, last * topics.length)) tails.showTo(tail, delivery);
    return {
      get joined() {
        return tails.has(tail);
      },
      async close() {
        tails.remove(tail);
      },
    };
  }

  async read({ topics, take }: ReadOptions): Promise<void> {
    const { end } = this.#table;
    for (let after = 0; after < end;) {
      const deliveries = this.#table.read(topics, after, readAtOnce).filter(({ offset }) => Number(offset) <= end);
      if (deliveries.length === 0) return;
      after = Number(deliveries.at(-1)!.offset);
      await take(deliveries);
    }
  }

  /** Removes old messages that every group has handled; see {@link trimLog}. */
  trim(before: number): AsyncIterable<number> {
    return trimLog(this.#file, before, () => new Map([...this.#groups].map(([name, { named }]) => [name, named])));
  }

  async history(options: HistoryOptions): Promise<LogHistory> {
    return this.#table.history(options);
  }

  async lag({ group: name, topics }: Parameters<Bus['lag']>[0]): Promise<TopicLag[]> {
    const group = this.#groups.get(name);
    return topics.map((topic) => {
      const handled = group?.handled(topic) ?? this.#table.position(name, topic);
      return { topic, messages: this.#table.countAfter(topic, handled) };
    });
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
    for (const delivery of deliveries) this.#tails.show(delivery);
    for (const { topic } of deliveries) if (topic !== deadLetterTopic) this.#observer?.published(topic);
  };

  #deliverer(group: string, handle: Handler) {
    const publish = (message: Message) => this.publish([message]);
    return deliverer({ group, handle, publish, log: this.#log, observer: this.#observer });
  }
}
