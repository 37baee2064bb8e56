import type { Run } from '@countersign/contracts';
import type { Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunWatch } from './run-watch.js';
import { claimed, continued, now, requested, responded, runAfter, text } from './run.given.js';

const pending = runAfter(requested);
const completed = continued(pending, now, claimed, responded(text('Hello.')));

describe('waiting for a run', () => {
  let close: () => void;
  let store: Store<Run>;
  let stopping: AbortController;
  let watch: RunWatch;
  beforeEach(async () => {
    const temporary = openTemporaryDatabase();
    close = temporary.close;
    store = temporary.database.collection<Run>({ name: 'runs', key: 'run_id', indexes: [] }).store;
    await store.commit({ expected: 0, state: pending, events: [] });
    stopping = new AbortController();
    watch = new RunWatch(store, stopping.signal);
  });
  afterEach(() => close());

  const complete = () => store.commit({ expected: 1, state: { ...completed, version: 2 }, events: [] });
  /** Begins to wait; it has looked once when this returns. */
  const begin = (timeout = 60_000) =>
    watch.waitFor('run-1', ['COMPLETED'], timeout).then((run) => ({ status: run?.status, at: performance.now() }));

  it('is over at once when the run has the status, or when there is no such run', async () => {
    expect(await watch.waitFor('run-1', ['ERROR', 'PENDING'], 60_000)).toEqual(pending);
    expect(await watch.waitFor('run-2', ['PENDING'], 60_000)).toBeUndefined();
  });

  it('is over as soon as somebody says that the run changed', async () => {
    const waited = begin();
    await complete();
    const before = performance.now();
    watch.changed('run-1');
    const { status, at } = await waited;
    expect(status).toBe('COMPLETED');
    expect(at - before).toBeLessThan(500);
  });

  it('is over within about a second when nobody says so', async () => {
    const waited = begin();
    await complete();
    expect((await waited).status).toBe('COMPLETED');
  });

  it('goes on when the run changed to something else', async () => {
    const waited = begin();
    watch.changed('run-1');
    watch.changed('another run');
    await complete();
    expect((await waited).status).toBe('COMPLETED');
  });

  it('ends with its time, and says how the run stands', async () => {
    const before = performance.now();
    const { status, at } = await begin(50);
    expect(status).toBe('PENDING');
    expect(at - before).toBeGreaterThanOrEqual(49);
    expect(at - before).toBeLessThan(900);
  });

  it('ends at once when the process stops', async () => {
    const waited = begin();
    await new Promise(setImmediate);
    const before = performance.now();
    stopping.abort();
    const { status, at } = await waited;
    expect(status).toBe('PENDING');
    expect(at - before).toBeLessThan(500);
  });
});
