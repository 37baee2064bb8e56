import type { Event } from '@countersign/contracts';
import { RetryableError } from '@countersign/contracts/problems';
import type { EpochMillis } from '@countersign/contracts/time';
import {
  recordOf,
  VersionConflict,
  type Collection,
  type Commit,
  type Store,
  type StoredRecord,
} from '@countersign/persistence';
import { deepFreeze } from '@countersign/testing';

export interface MemoryStoreOptions<R extends StoredRecord> {
  collection: Collection<R>;
  /** Sees each commit before it is stored, and throws when it must not be. */
  check(before: R | undefined, after: R, events: readonly Event[]): void;
  /** Whether the answer to this commit is lost, although it is stored. */
  answerIsLost(): boolean;
}

/** Records in memory with the promises of a store, and its outbox: what each record has not published yet, in order. */
export class MemoryStore<R extends StoredRecord> implements Store<R> {
  readonly records = new Map<string, R>();
  readonly unpublished = new Map<string, Event[]>();
  readonly #options: MemoryStoreOptions<R>;

  constructor(options: MemoryStoreOptions<R>) {
    this.#options = options;
  }

  all(): R[] {
    return [...this.records.values()];
  }

  /** What is stored now. @returns what restores it, with the ids of the records that this takes back */
  backup(): () => string[] {
    const records = new Map(this.records);
    const unpublished = new Map([...this.unpublished].map(([id, events]) => [id, [...events]]));
    return () => {
      const taken = [...this.records].filter(([id, record]) => records.get(id) !== record).map(([id]) => id);
      replace(this.records, records);
      replace(this.unpublished, new Map([...unpublished].map(([id, events]) => [id, [...events]])));
      return taken;
    };
  }

  due(now: EpochMillis): R[] {
    return this.all().filter(({ due_at }) => due_at !== null && due_at <= now);
  }

  async get(id: string): Promise<R | undefined> {
    return this.records.get(id);
  }

  /** Nothing in the simulation asks by more than one field; it looks at {@link all}. */
  async find(): Promise<R[]> {
    return this.all();
  }

  async count(): Promise<number> {
    return this.records.size;
  }

  async commit({ expected, state, events }: Commit<R>): Promise<Event[]> {
    const { collection, check, answerIsLost } = this.#options;
    const id = state[collection.key] as string;
    const before = this.records.get(id);
    if ((before?.version ?? 0) !== expected) throw new VersionConflict(id);
    deepFreeze([state, events]);
    check(before, state, events);
    this.records.set(id, state);
    for (const event of events) this.#queue(recordOf(collection.name, event), event);
    if (answerIsLost()) throw new RetryableError('the answer of the store is lost');
    return [...events];
  }

  /** What the simulation plays is kept for good. */
  async remove(): Promise<never> {
    throw new Error(`${this.#options.collection.name} are never removed`);
  }

  #queue(id: string, event: Event): void {
    const queue = this.unpublished.get(id);
    if (queue) queue.push(event);
    else this.unpublished.set(id, [event]);
  }
}

function replace<K, V>(target: Map<K, V>, source: ReadonlyMap<K, V>): void {
  target.clear();
  for (const [key, value] of source) target.set(key, value);
}
