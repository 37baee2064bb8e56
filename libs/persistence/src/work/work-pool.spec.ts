import { RetryableError } from '@countersign/contracts/problems';
import { after, atMillis, type EpochMillis } from '@countersign/contracts/time';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sample, samples, transition, type Sample } from '../../test/store.contract.js';
import { SqliteDatabase } from '../sqlite/sqlite-store.js';
import type { Store } from '../store.js';
import { WorkPool, type WorkPoolOptions } from './work-pool.js';

const soon = { timeout: 5_000, interval: 5 };
const never = 3_600_000;
const now = atMillis(1_000_000);

describe('a work pool', () => {
  const collection = samples();
  let dir: string;
  let file: SqliteFile;
  let store: Store<Sample>;
  let pools: WorkPool<Sample>[];
  /** Work under way, by record, and how to end it. */
  let working: Map<string, PromiseWithResolvers<void>>;
  let started: string[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-pool-'));
    file = new SqliteFile(dir);
    store = new SqliteDatabase(file).collection(collection).store;
    [working, started, pools] = [new Map(), [], []];
  });
  afterEach(async () => {
    for (const work of working.values()) work.resolve();
    await Promise.all(pools.map((pool) => pool.stop(100)));
    file.close();
    rmSync(dir, { recursive: true });
  });

  const add = (id: string, due_at: EpochMillis | null) =>
    store.commit(transition(collection, sample(id, { due_at }), 0)).then(() => undefined);
  /** Claims the record, so that it is no longer due, and works on it until the test ends that. */
  const onDue: WorkPoolOptions<Sample>['onDue'] = async (record, place) => {
    await store.commit(transition(collection, { ...record, due_at: null, version: record.version + 1 }, 0));
    started.push(record.sample_id);
    const work = Promise.withResolvers<void>();
    working.set(record.sample_id, work);
    place.start(() => work.promise.finally(() => working.delete(record.sample_id)));
  };
  function poolWith(options: Partial<WorkPoolOptions<Sample>> = {}): WorkPool<Sample> {
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const pool = new WorkPool({ store, size: 2, now: () => now, log, onDue, pollEveryMs: never, ...options });
    pools.push(pool);
    return pool;
  }
  const atWork = () => [...working.keys()];

  it('lets owners take turns through a backlog, and asks for no more than what is due while there is none', async () => {
    const find = vi.spyOn(store, 'find');
    const backlog = {
      first: { status: 'rejected' },
      inTurn: async () => ({ status: 'pending' }),
      owner: 'owner',
    } as const;
    const pool = poolWith({ size: 1, backlog });
    await add('alone', now);
    pool.start();
    await vi.waitFor(() => expect(atWork()).toEqual(['alone']), soon);
    const orders = () => find.mock.calls.map(([{ sort }]) => sort[0]![0]);
    expect(orders().slice(0, 1)).toEqual(['due_at']);
    const addOf = (owner: string, id: string, n: number, status = 'pending') =>
      store.commit(transition(collection, sample(id, { due_at: after(now, n - 100), owner, status }), 0));
    for (const n of [1, 2, 3]) await addOf('alice', `alice-${n}`, n);
    await addOf('bob', 'bob-1', 50);
    await addOf('carol', 'begun', 60, 'rejected');
    pool.notifyDue();
    for (const id of ['alone', 'begun', 'alice-1', 'bob-1', 'alice-2']) {
      await vi.waitFor(() => expect(atWork()).toEqual([id]), soon);
      working.get(id)!.resolve();
    }
    await vi.waitFor(() => expect(atWork()).toEqual(['alice-3']), soon);
  });

  it('gives the next place to who has the fewest, however long others have waited for one more', async () => {
    const backlog = { first: { status: 'rejected' }, inTurn: async () => ({}), owner: 'owner' } as const;
    const attendTo: typeof onDue = async (record, place) =>
      onDue(record, { ...place, start: (work) => place.start(work, record.owner) });
    const pool = poolWith({ size: 3, backlog, onDue: attendTo });
    const addOf = (owner: string, id: string, n: number) =>
      store.commit(transition(collection, sample(id, { due_at: after(now, n - 100), owner }), 0));
    for (const n of [1, 2, 3, 4, 5]) await addOf('alice', `alice-${n}`, n);
    pool.start();
    await vi.waitFor(() => expect(atWork()).toEqual(['alice-1', 'alice-2', 'alice-3']), soon);
    for (const n of [1, 2, 3]) await addOf('bob', `bob-${n}`, 50 + n);
    working.get('alice-1')!.resolve();
    await vi.waitFor(() => expect(atWork()).toEqual(['alice-2', 'alice-3', 'bob-1']), soon);
    working.get('alice-2')!.resolve();
    await vi.waitFor(() => expect(atWork()).toEqual(['alice-3', 'bob-1', 'alice-4']), soon);
    working.get('bob-1')!.resolve();
    await vi.waitFor(() => expect(atWork()).toEqual(['alice-3', 'alice-4', 'bob-2']), soon);
    working.get('bob-2')!.resolve();
    await vi.waitFor(() => expect(atWork()).toEqual(['alice-3', 'alice-4', 'bob-3']), soon);
    working.get('bob-3')!.resolve();
    await vi.waitFor(() => expect(atWork()).toEqual(['alice-3', 'alice-4', 'alice-5']), soon);
  });

  it('looks further down the queue while others are faster at its head, until it is faster', async () => {
    const find = vi.spyOn(store, 'find');
    let faster = true;
    const asked: string[] = [];
    const attendTo: typeof onDue = async (record, place) => {
      asked.push(record.sample_id);
      await new Promise(setImmediate);
      if (faster) return place.release();
      await onDue(record, place);
      working.get(record.sample_id)!.resolve();
    };
    const ids = Array.from({ length: 60 }, (_, n) => `due-${String(n).padStart(2, '0')}`);
    for (const [n, id] of ids.entries()) await add(id, after(now, n - 100));
    // What has been due for longest is last in such an order.
    let key = 1;
    const pool = poolWith({ size: 1, onDue: attendTo, random: () => (key -= 0.0001) });
    pool.start();
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(20), soon);
    faster = false;
    const reach = () => find.mock.calls.at(-1)![0].limit;
    expect([asked[0], asked.at(-1), reach()]).toEqual(['due-00', 'due-15', 16]);
    await vi.waitFor(() => expect(started).toHaveLength(60), soon);
    expect(reach()).toBe(15);
    expect(started[0]).toBe('due-15');
  });

  it('starts nothing more once it drains, not even what it was looking for, and lets go on what is under way', async () => {
    await add('first', now);
    const pool = poolWith({ size: 2, pollEveryMs: 5 });
    pool.start();
    await vi.waitFor(() => expect(atWork()).toEqual(['first']), soon);
    const looking = Promise.withResolvers<void>();
    const find = store.find.bind(store);
    vi.spyOn(store, 'find').mockImplementation(async (query) => {
      await looking.promise;
      return find(query);
    });
    await vi.waitFor(() => expect(store.find).toHaveBeenCalled(), soon);
    await add('second', now);
    pool.drain();
    looking.resolve();
    expect(pool.reserve()).toBeUndefined();
    expect(atWork()).toEqual(['first']);
    const stopped = pool.stop(5_000);
    working.get('first')!.resolve();
    await stopped;
    expect(started).toEqual(['first']);
  });

  it('attends to what is due, and not to what is due later or never', async () => {
    await Promise.all([add('due', now), add('later', after(now, 1)), add('never', null)]);
    const find = vi.spyOn(store, 'find');
    poolWith({ size: 9, pollEveryMs: 5 }).start();
    await vi.waitFor(() => expect(find.mock.calls.length).toBeGreaterThan(3), soon);
    expect(started).toEqual(['due']);
  });

  it('sees by itself when a record becomes due', async () => {
    let clock = now;
    await add('later', after(now, 60_000));
    poolWith({ pollEveryMs: 5, now: () => clock }).start();
    clock = after(clock, 60_000);
    await expect.poll(atWork, soon).toEqual(['later']);
  });

  it('works on so many at once and no more, and begins the oldest next as soon as a place comes free', async () => {
    for (const [n, id] of ['d', 'c', 'b', 'a'].entries()) await add(id, after(now, -n));
    poolWith().start();
    await expect.poll(atWork, soon).toEqual(['a', 'b']);
    working.get('b')!.resolve();
    await expect.poll(atWork, soon).toEqual(['a', 'c']);
    working.get('a')!.resolve();
    await expect.poll(atWork, soon).toEqual(['c', 'd']);
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });

  it('reserves a place for new work while there is one, each of which counts once', () => {
    const pool = poolWith({ size: 1 });
    const place = pool.reserve()!;
    place.release();
    place.release();
    expect(pool.reserve()).toBeDefined();
    expect(pool.reserve()).toBeUndefined();
  });

  it('gives a place that comes free to work that waits in the store, before any new work', async () => {
    const pool = poolWith({ size: 1 });
    pool.start();
    const place = pool.reserve()!;
    expect(pool.reserve()).toBeUndefined();
    await add('older', now);
    place.release();
    expect(pool.reserve()).toBeUndefined();
    await expect.poll(atWork, soon).toEqual(['older']);
  });

  it('looks again for a record that was stored after the last place came free', async () => {
    const pool = poolWith({ size: 1 });
    pool.start();
    const place = pool.reserve()!;
    expect(pool.reserve()).toBeUndefined();
    place.release();
    await vi.waitFor(() => expect(pool.reserve()?.release()).toBeUndefined(), soon);
    await add('late', now);
    pool.notifyDue();
    await expect.poll(atWork, soon).toEqual(['late']);
  });

  it('takes new work again once nothing older waits', async () => {
    const pool = poolWith({ size: 1, pollEveryMs: 5 });
    pool.start();
    const place = pool.reserve()!;
    expect(pool.reserve()).toBeUndefined();
    place.release();
    await vi.waitFor(() => expect(pool.reserve()).toBeDefined(), soon);
  });

  it('frees the place of work that fails, and says so', async () => {
    const error = vi.fn();
    const pool = poolWith({ size: 1, pollEveryMs: 5, log: { info: vi.fn(), warn: vi.fn(), error } });
    pool.start();
    const failure = new Error('broken');
    pool.reserve()!.start(() => Promise.reject(failure));
    await vi.waitFor(() => expect(pool.reserve()).toBeDefined(), soon);
    expect(error).toHaveBeenCalledExactlyOnceWith({ err: failure }, expect.stringContaining('work failed'));
  });

  it('goes on looking after the store was out of reach', async () => {
    vi.spyOn(store, 'find').mockRejectedValueOnce(new RetryableError('down'));
    await add('due', now);
    poolWith({ pollEveryMs: 5 }).start();
    await expect.poll(atWork, soon).toEqual(['due']);
  });

  it('stops: tells work under way, waits for it, and takes nothing new', async () => {
    const pool = poolWith({ size: 2 });
    const work = Promise.withResolvers<void>();
    let told: AbortSignal | undefined;
    pool.reserve()!.start((signal) => ((told = signal), work.promise));
    let stopped = false;
    const stop = pool.stop(60_000).then(() => (stopped = true));
    expect(told!.aborted).toBe(true);
    expect(pool.reserve()).toBeUndefined();
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    work.resolve();
    await stop;
  });

  it('begins nothing that comes due after it stopped', async () => {
    const pool = poolWith({ pollEveryMs: 5 });
    pool.start();
    await pool.stop(0);
    await add('due', now);
    const find = vi.spyOn(store, 'find');
    pool.start();
    await new Promise(setImmediate);
    expect(find).not.toHaveBeenCalled();
  });

  it('waits for its grace at most', async () => {
    const pool = poolWith();
    const work = Promise.withResolvers<void>();
    pool.reserve()!.start(() => work.promise);
    const before = performance.now();
    await pool.stop(30);
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
    work.resolve();
  });
});
