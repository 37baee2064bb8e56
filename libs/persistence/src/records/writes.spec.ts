import type { Event } from '@countersign/contracts';
import { after, atMillis } from '@countersign/contracts/time';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteDatabase } from '../sqlite/sqlite-store.js';
import { VersionConflict, type Store, type StoredRecord } from '../store.js';
import { newRecord, touch } from './record.js';
import { insert, insertOnce, update } from './writes.js';

interface Counter extends StoredRecord {
  id: string;
  count: number;
}

const now = atMillis(1_788_255_000_900);

describe('a record that changes without events', () => {
  let dir: string;
  let file: SqliteFile;
  let store: Store<Counter>;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-writes-'));
    file = new SqliteFile(dir);
    store = new SqliteDatabase(file).collection<Counter>({ name: 'counters', key: 'id', indexes: [] }).store;
  });
  afterEach(() => {
    file.close();
    rmSync(dir, { recursive: true });
  });
  const counter = (): Counter => ({ id: 'a', count: 0, ...newRecord(now) });
  const add = (at = now) => update(store, 'a', at, (record) => ({ ...record, count: record.count + 1 }));

  it('begins as version 1, with its time in seconds, and is inserted once', async () => {
    const stored = await insert(store, counter());
    expect(stored).toMatchObject({ version: 1, due_at: null, created_at: 1_788_255_000, updated_at: 1_788_255_000 });
    expect(await store.get('a')).toEqual(stored);
    await expect(insert(store, counter())).rejects.toThrow(VersionConflict);
    expect(await insertOnce(store, { ...counter(), count: 9 })).toBe(false);
    expect(await insertOnce(store, { ...counter(), id: 'b' })).toBe(true);
    expect(await store.get('a')).toEqual(stored);
  });

  it('loses no change, however many are made at once', async () => {
    await insert(store, counter());
    await Promise.all(Array.from({ length: 8 }, () => add()));
    expect(await store.get('a')).toMatchObject({ count: 8, version: 9 });
  });

  it('has its events numbered, from one change to the next', async () => {
    const published: string[] = [];
    const telling = {
      events: ({ version }: Counter) => [1, 2].map((n) => ({ id: `${version}/${n}` }) as Event),
      publish: (events: readonly Event[]) => published.push(...events.map(({ id, sequence }) => `${id}: ${sequence}`)),
    };
    await insert(store, counter(), telling);
    await add();
    await update(store, 'a', now, (record) => ({ ...record, count: 9 }), telling);
    expect(published).toEqual(['1/1: 1', '1/2: 2', '1/1: 1', '1/2: 2', '3/1: 3', '3/2: 4']);
  });

  it('is left as it is when there is nothing to change, or no record', async () => {
    expect(await add()).toBeUndefined();
    const record = await insert(store, counter());
    expect(await update(store, 'a', now, () => undefined)).toEqual({ record, changed: false });
    expect(await add(after(now, 2_000))).toMatchObject({ record: { updated_at: 1_788_255_002 }, changed: true });
  });

  it('is touched with the time of the change', () => {
    const touched = touch(counter(), after(now, 5_000), { count: 3 });
    expect(touched).toEqual({ ...counter(), count: 3, updated_at: 1_788_255_005 });
  });
});
