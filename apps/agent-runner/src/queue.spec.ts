import type { Run } from '@countersign/contracts';
import type { Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunQueue } from './queue.js';
import { claimed, now, requested, runAfter } from './run.given.js';

describe('the queue of runs that wait for a worker', () => {
  let close: () => void;
  let store: Store<Run>;
  let clock: number;
  let queue: RunQueue;
  beforeEach(async () => {
    const temporary = openTemporaryDatabase();
    close = temporary.close;
    store = temporary.database.collection<Run>({ name: 'runs', key: 'run_id', indexes: [] }).store;
    clock = now;
    queue = new RunQueue({ store, limit: 2, perOwner: 3, now: () => clock });
  });
  afterEach(() => close());

  const waiting = runAfter(requested);
  const add = (run_id: string, run: Run = waiting) =>
    store.commit({ expected: 0, state: { ...run, run_id, version: 1 }, events: [] });

  it('is too long when a run that comes now would be more than the limit', async () => {
    await add('run-1');
    expect(await queue.isTooLong()).toBe(false);
    await add('run-2');
    clock += 501;
    expect(await queue.isTooLong()).toBe(true);
  });

  it('has no runs in it that somebody works on, or that wait for a later time', async () => {
    await add('run-1', runAfter(requested, claimed));
    await add('run-2', { ...waiting, due_at: now + 60_000 });
    await add('run-3');
    expect(await queue.isTooLong()).toBe(false);
  });

  it('has so many of one owner, and of others all the same', () => {
    const [alice, bob] = ['alice', 'bob'].map((user_id) => ({ user_id, requested_by: 'platform' }));
    const ranks = [1, 2, 3].map(() => queue.rank(alice!, true));
    expect([queue.hasTooMany(alice!), queue.hasTooMany(bob!)]).toEqual([true, false]);
    queue.begins({ ...waiting, queue_rank: ranks[0]! });
    expect(queue.hasTooMany(alice!)).toBe(false);
  });

  it('goes on where it was when the process started', async () => {
    await add('run-1', { ...waiting, queue_rank: 700 });
    await add('run-2', { ...waiting, queue_rank: 650 });
    await queue.open();
    expect(queue.rank({ user_id: 'bob', requested_by: null }, true)).toBe(651);
  });

  it('counts those that are let in between two looks at the store', async () => {
    expect([await queue.isTooLong(), await queue.isTooLong(), await queue.isTooLong()]).toEqual([false, false, true]);
    clock += 501;
    expect(await queue.isTooLong()).toBe(false);
  });
});
