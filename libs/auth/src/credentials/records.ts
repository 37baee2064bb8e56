import {
  removeAll,
  VersionConflict,
  type Collection,
  type Database,
  type RetentionPolicy,
  type Store,
  type StoredRecord,
} from '@countersign/persistence';

/** Milliseconds. */
const day = 24 * 3_600_000;

export const secondsOf = (millis: number): number => Math.floor(millis / 1000);

/** What every record begins with. */
export const created = (now: number): StoredRecord => ({
  version: 1,
  due_at: null,
  traceparent: null,
  created_at: secondsOf(now),
  updated_at: secondsOf(now),
});

export interface ExpiringOptions {
  database: Pick<Database, 'collection'>;
  /** Epoch milliseconds. */
  now(): number;
}

/** Records that are of use until a time of their own, and removed a day after it. */
export abstract class Expiring<R extends StoredRecord & { expires_at: number }> {
  protected readonly store: Store<R>;
  protected readonly now: () => number;
  readonly retention: RetentionPolicy;

  constructor(collection: Collection<R>, { database, now }: ExpiringOptions) {
    const { store } = database.collection(collection);
    this.store = store;
    this.now = now;
    this.retention = {
      name: collection.name,
      ttl: day,
      purgeBefore: (time) =>
        removeAll<StoredRecord & { expires_at: number }>(store, { expires_at: { lt: secondsOf(time) } }),
    };
  }
}

export async function insert<R extends StoredRecord>(store: Store<R>, state: R): Promise<R> {
  await store.commit({ expected: 0, state, events: [] });
  return state;
}

/**
 * Changes a record, and decides again when somebody else was faster.
 *
 * @param change gives the new state, or undefined when there is nothing to change.
 * @returns the record as it is now, and whether this call changed it.
 */
export async function update<R extends StoredRecord>(
  store: Store<R>,
  id: string,
  now: number,
  change: (record: R) => R | undefined,
): Promise<{ record: R; changed: boolean } | undefined> {
  for (;;) {
    const before = await store.get(id);
    if (!before) return undefined;
    const after = change(before);
    if (!after) return { record: before, changed: false };
    const state = { ...after, version: before.version + 1, updated_at: secondsOf(now) };
    try {
      await store.commit({ expected: before.version, state, events: [] });
      return { record: state, changed: true };
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
    }
  }
}
