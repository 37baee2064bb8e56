import { atMillis, toEpochSeconds } from '@countersign/contracts/time';
import { newRecord } from '@countersign/persistence';
import { expect, it } from 'vitest';
import { openRecord } from '../../test/record.fixtures.js';
import { checkpointCollection, checkpointId } from './checkpoint.js';
import { checkpointRetention } from './checkpoint-retention.js';

const day = 86_400_000;
const at = (days: number) => atMillis(Date.UTC(2026, 0, 1) + days * day);

/** A store with a checkpoint of each size, from 1, made on such a day. */
async function checkpointsOf(days: readonly number[]) {
  const { store } = openRecord().database.collection(checkpointCollection);
  for (const [n, made] of days.entries()) {
    const of = { id: checkpointId(n + 1), event_key: 'o', origin: 'o', size: n + 1, root: '', note: '' };
    const state = { ...newRecord(at(made)), ...of, created_at: toEpochSeconds(at(made)), version: 1 };
    await store.commit({ expected: 0, state, events: [] });
  }
  const purge = async (before: number) => {
    let removed = 0;
    for await (const some of checkpointRetention(store).purgeBefore(at(before))) removed += some;
    return removed;
  };
  const sizes = async () =>
    (await store.find({ filter: {}, sort: [['size', 'asc']], limit: 1_000 })).map(({ size }) => size);
  return { purge, sizes };
}

it('of each day the last checkpoint stays, and all of what is younger', async () => {
  const { purge, sizes } = await checkpointsOf([0, 0.1, 0.9, 1, 1.5, 3, 3.5, 3.6]);
  expect(await purge(3.5)).toBe(3);
  expect(await sizes()).toEqual([3, 5, 6, 7, 8]);
  expect(await purge(3.5)).toBe(0);
  expect(await purge(5)).toBe(2);
  expect(await sizes()).toEqual([3, 5, 8]);
});

it('the largest stays, however old it is, and however many there are', async () => {
  const { purge, sizes } = await checkpointsOf(Array.from({ length: 250 }, () => 0));
  expect(await purge(1_000)).toBe(249);
  expect(await sizes()).toEqual([250]);
});
