import type { Collection, Filter, Query, Store, StoredRecord } from '../store.js';

/** Records that are removed by their age. */
export interface ExpiredRecords<R extends StoredRecord> extends Pick<Query<R>, 'sort'> {
  store: Pick<Store<R>, 'find' | 'remove'>;
  key: Collection<R>['key'];
  /** What was over before this time, in whole seconds, and what nobody waits for. */
  over(before: number): Filter<R>;
  /** What belongs to these records in other collections. */
  belongings?: {
    find(ids: readonly string[]): Promise<readonly object[]>;
    remove(ids: readonly string[]): Promise<void>;
  };
}

/** How many records are read, written out and removed at once. */
const atOnce = 100;

/**
 * Removes records, batch by batch, each once it is written out.
 *
 * @param archive resolves when all of it is safe; what it throws ends this, and the batch is still there
 * @yields how many went
 */
export async function* removeExpired<R extends StoredRecord>(
  { store, key, over, sort, belongings }: ExpiredRecords<R>,
  before: number,
  archive: (records: readonly object[]) => Promise<void>,
): AsyncGenerator<number, void> {
  const filter = over(before);
  for (let stayed = 0; ;) {
    const found = await store.find({ filter, sort, limit: atOnce, skip: stayed });
    if (found.length === 0) return;
    const ids = found.map((record) => record[key] as string);
    await archive([...found, ...((await belongings?.find(ids)) ?? [])]);
    await belongings?.remove(ids);
    // One that changed meanwhile, or has an event to publish, stays.
    const removed = await store.remove({ ...filter, [key]: { in: ids } } as Filter<R>, atOnce);
    yield removed;
    stayed += found.length - removed;
  }
}
