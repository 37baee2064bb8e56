import type { Run } from '@countersign/contracts/runs';
import { after, type EpochMillis } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunQueue } from './queue.js';
import { claimed, now, requested, runAfter } from '../../test/run.fixtures.js';

describe('the queue of runs that wait for a worker', () => {
  let close: () => void;
  let store: Store<Run>;
  let clock: EpochMillis;
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
    clock = after(clock, 501);
    expect(await queue.isTooLong()).toBe(true);
  });

  it('has no runs in it that somebody works on, or that wait for a later time', async () => {
    await add('run-1', runAfter(requested, claimed));
    await add('run-2', { ...waiting, due_at: after(now, 60_000) });
    await add('run-3');
    expect(await queue.isTooLong()).toBe(false);
  });

  it('has so many of one owner, and of others all the same', async () => {
    const of = (queue_owner: string): Run => ({ ...waiting, queue_owner });
    for (const id of ['run-1', 'run-2', 'run-3']) await add(id, of('alice'));
    await add('run-4', of('bob'));
    const owners = ['alice', 'bob'].map((user_id) => ({ user_id, requested_by: 'platform' }));
    expect(await Promise.all(owners.map((owner) => queue.hasTooMany(owner)))).toEqual([true, false]);
    expect(await queue.hasTooMany({ user_id: null, requested_by: 'alice' })).toBe(true);
  });

  it('counts those that are let in between two looks at the store', async () => {
    expect([await queue.isTooLong(), await queue.isTooLong(), await queue.isTooLong()]).toEqual([false, false, true]);
    clock = after(clock, 501);
    expect(await queue.isTooLong()).toBe(false);
  });
});
