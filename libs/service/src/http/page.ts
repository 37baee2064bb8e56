import { forPeople } from './people-queries.js';
import type { Filter, Query, Store, StoredRecord } from '@countersign/persistence';

/** One page of records with agno's `meta`. */
export async function pageOf<R extends StoredRecord>(
  store: Store<R>,
  { filter, sort, limit, page }: Omit<Query<R>, 'skip'> & { page: number },
) {
  const [data, total_count] = await Promise.all([
    forPeople(() => store.find({ filter, sort, limit, skip: (page - 1) * limit })),
    countOf(store, filter),
  ]);
  return { data, meta: { page, limit, total_pages: Math.ceil(total_count / limit), total_count } };
}

/** The page that follows what was seen, with what is left from there on as its total. */
export async function pageAfter<R extends StoredRecord>(store: Store<R>, query: Query<R>) {
  const { filter, limit, skip = 0 } = query;
  const [data, count] = await Promise.all([forPeople(() => store.find(query)), countOf(store, filter)]);
  const total_count = Math.max(0, count - skip);
  return { data, meta: { page: 1, limit, total_pages: Math.ceil(total_count / limit), total_count } };
}

/** Counting a million takes a hundred times as long as reading a page, so a count that takes this long is kept … */
const slowMs = 20;
/** … for this long. Only the total of a long list is a little old, never what is on the page. */
const keptForMs = 2_000;
/** A shorter list took its time because of something else. */
const long = 10_000;
const mostKept = 100;

const kept = new WeakMap<object, Map<string, { count: number; until: number }>>();

async function countOf<R extends StoredRecord>(store: Store<R>, filter: Filter<R>): Promise<number> {
  const counts = kept.get(store) ?? new Map<string, { count: number; until: number }>();
  kept.set(store, counts);
  const key = JSON.stringify(filter);
  const known = counts.get(key);
  if (known && known.until > Date.now()) return known.count;
  let began = Date.now();
  const count = await forPeople(() => {
    began = Date.now();
    return store.count(filter);
  });
  const now = Date.now();
  counts.delete(key);
  if (now - began >= slowMs && count >= long) counts.set(key, { count, until: now + keptForMs });
  if (counts.size > mostKept) counts.delete(counts.keys().next().value!);
  return count;
}
