import type { EpochSeconds } from '@countersign/contracts/time';
import type { Collection, Filter, Store, StoredRecord } from '../store.js';

export interface OldestFirst<R extends StoredRecord> {
  store: Pick<Store<R>, 'find'>;
  key: Collection<R>['key'];
  /** Beside when they were created; its fields and that one should have an index. */
  filter: Omit<Filter<R>, 'created_at'>;
  createdUntil: EpochSeconds;
  /** How many are read at once; others wait for it. */
  limit?: number;
}

/**
 * Every record that fits, by when it was created. A page begins behind the last record of the one before it, so that none that
 * stays is left out or comes twice, whatever the others change to meanwhile.
 */
export async function* oldestFirst<R extends StoredRecord>(options: OldestFirst<R>): AsyncGenerator<R, void> {
  const { store, key, createdUntil, limit = 100 } = options;
  const find = (bounds: object) =>
    store.find({ filter: { ...options.filter, ...bounds } as Filter<R>, sort: [['created_at', 'asc']], limit });
  for (let last: R | undefined; ;) {
    const ofThatSecond = last && (await find({ created_at: last.created_at, [key]: { gt: last[key] } }));
    if (ofThatSecond) yield* ofThatSecond;
    if (ofThatSecond?.length === limit) {
      last = ofThatSecond.at(-1);
      continue;
    }
    const later = await find({ created_at: { ...(last && { gt: last.created_at }), lte: createdUntil } });
    yield* later;
    if (later.length < limit) return;
    last = later.at(-1);
  }
}
