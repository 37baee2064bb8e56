import { atSeconds } from '@countersign/contracts/time';
import type { Query, Store, StoredRecord } from '@countersign/persistence';
import { expect, it } from 'vitest';
import { pageOf } from './page.js';

const record = (n: number): StoredRecord => ({
  version: n,
  due_at: null,
  traceparent: null,
  tracestate: null,
  created_at: atSeconds(n),
  updated_at: atSeconds(n),
});

function storeOf(size: number, delay = 0) {
  const store = {
    counted: 0,
    get: async () => undefined,
    commit: async () => [],
    remove: async () => 0,
    find: async ({ skip = 0, limit }: Query<StoredRecord>) =>
      Array.from({ length: Math.min(limit, size - skip) }, (_, n) => record(skip + n)),
    async count() {
      store.counted += 1;
      const until = performance.now() + delay;
      while (performance.now() < until);
      return size;
    },
  };
  return store satisfies Store<StoredRecord>;
}

it('is a part of the list, with how long that is', async () => {
  const page = await pageOf(storeOf(25), { filter: {}, sort: [], limit: 10, page: 3 });
  expect(page.data.map(({ version }) => version)).toEqual([20, 21, 22, 23, 24]);
  expect(page.meta).toEqual({ page: 3, limit: 10, total_pages: 3, total_count: 25 });
});

it('counts a long list that takes long to count once in a while, for each filter', async () => {
  const many = 10_000;
  const [quick, slow, short] = [storeOf(many), storeOf(many, 40), storeOf(5, 40)];
  for (const store of [quick, slow, short]) {
    for (const filter of [{}, {}, { version: 1 }]) await pageOf(store, { filter, sort: [], limit: 1, page: 1 });
  }
  expect((await pageOf(slow, { filter: {}, sort: [], limit: 1, page: 1 })).meta.total_count).toBe(many);
  expect([quick.counted, slow.counted, short.counted]).toEqual([3, 2, 3]);
});
