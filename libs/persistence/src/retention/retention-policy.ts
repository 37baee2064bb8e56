import type { EpochMillis, Millis } from '@countersign/contracts/time';
import type { Collection, Filter, Query, Store, StoredRecord } from '../store.js';

/** Something that goes a while after it has served its purpose. */
export interface RetentionPolicy {
  /** What it is, for the log and the metrics: `dead_letters`. */
  name: string;
  /** For how long it stays; default: as the settings say. */
  ttlMs?: Millis;
  /** Removes what has had no purpose since this time. @yields how many went, batch by batch. */
  purgeBefore(time: EpochMillis): AsyncIterable<number>;
}

/** How many records are read or removed at once; others wait for it. */
const atOnce = 100;

/** Removes all records that fit, batch by batch. */
export async function* removeAll<R extends StoredRecord>(
  store: Pick<Store<R>, 'remove'>,
  filter: Filter<R>,
): AsyncGenerator<number, void> {
  for (let removed = atOnce; removed === atOnce;) yield (removed = await store.remove(filter, atOnce));
}

export interface Belongings<R extends StoredRecord> extends Pick<Query<R>, 'filter' | 'sort'> {
  store: Pick<Store<R>, 'find' | 'remove'>;
  key: Collection<R>['key'];
  /** The field with the id of what a record belongs to. */
  belongsTo: keyof R & string;
  /** Which of these are not over, and still need what belongs to them. */
  open(ids: readonly string[]): Promise<readonly string[]>;
}

/**
 * Removes, batch by batch, the records that fit, but for those that belong to something that is not over. What fits once
 * must fit for ever, and so must be over what was.
 */
export async function* removeBelongings<R extends StoredRecord>(options: Belongings<R>): AsyncGenerator<number, void> {
  const { store, key, filter, sort, belongsTo, open } = options;
  for (let stayed = 0; ;) {
    const found = await store.find({ filter, sort, limit: atOnce, skip: stayed });
    if (found.length === 0) return;
    const still = new Set(await open([...new Set(found.map((record) => record[belongsTo] as string))]));
    const old = found.filter((record) => !still.has(record[belongsTo] as string)).map((record) => record[key]);
    const removed = await store.remove({ [key]: { in: old } } as object as Filter<R>, atOnce);
    yield removed;
    stayed += found.length - removed;
  }
}
