import type { Query, Store, StoredRecord } from '@countersign/persistence';

/** One page of records with agno's `meta`. */
export async function pageOf<R extends StoredRecord>(
  store: Store<R>,
  { filter, sort, limit, page }: Omit<Query<R>, 'skip'> & { page: number },
) {
  const [data, total_count] = await Promise.all([
    store.find({ filter, sort, limit, skip: (page - 1) * limit }),
    store.count(filter),
  ]);
  return { data, meta: { page, limit, total_pages: Math.ceil(total_count / limit), total_count } };
}
