import { atSeconds } from '@countersign/contracts/time';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeExpired, type ExpiredRecords } from './expired-records.js';
import { removeAll, removeBelongings } from './retention-policy.js';
import { sample, samples, transition, type Sample } from '../../test/store.contract.js';
import { SqliteDatabase } from '../sqlite/sqlite-store.js';
import type { Store } from '../store.js';

async function batches(removing: AsyncIterable<number>): Promise<number[]> {
  const removed: number[] = [];
  for await (const count of removing) removed.push(count);
  return removed;
}

describe('what has no purpose any more', () => {
  const collection = samples();
  let dir: string;
  let file: SqliteFile;
  let store: Store<Sample>;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-removal-'));
    file = new SqliteFile(dir);
    ({ store } = new SqliteDatabase(file).collection(collection));
  });
  afterEach(() => {
    file.close();
    rmSync(dir, { recursive: true });
  });

  const add = (count: number, status: string) =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        store.commit(
          transition(
            collection,
            sample(`${status} ${n}`, { status, created_at: atSeconds(n), agent_id: `agent ${n % 2}` }),
            0,
          ),
        ),
      ),
    );
  const filter = { status: 'over' } as const;
  const sort = [['created_at', 'asc']] as const;
  const belongings = (open: Parameters<typeof removeBelongings<Sample>>[0]['open']) =>
    removeBelongings({ store, key: 'sample_id', filter, sort, belongsTo: 'agent_id', open });

  it('goes batch by batch, all of it and nothing else', async () => {
    await Promise.all([add(250, 'over'), add(3, 'pending')]);
    expect(await batches(removeAll(store, filter))).toEqual([100, 100, 50]);
    expect(await store.count({})).toBe(3);
    expect(await batches(removeAll(store, filter))).toEqual([0]);
  });

  it('stays where it belongs to something that is not over, and does not hold up what comes after it', async () => {
    await Promise.all([add(250, 'over'), add(3, 'pending')]);
    const asked: (readonly string[])[] = [];
    const open = async (ids: readonly string[]) => (asked.push(ids.toSorted()), ['agent 1']);
    expect(await batches(belongings(open))).toEqual([50, 50, 25]);
    expect(asked[0]).toEqual(['agent 0', 'agent 1']);
    expect(await store.count(filter)).toBe(125);
    expect(await batches(belongings(open))).toEqual([0, 0]);
    expect(await batches(belongings(async () => []))).toEqual([100, 25]);
    expect(await store.count({})).toBe(3);
  });

  describe('by its age', () => {
    const expired = (belongings?: ExpiredRecords<Sample>['belongings']) => ({
      store,
      key: 'sample_id' as const,
      over: (before: number) => ({ status: 'over', created_at: { lt: before } }),
      sort,
      ...(belongings && { belongings }),
    });

    it('goes once it is written out, with what belongs to it, and what is younger or not over stays', async () => {
      await Promise.all([add(250, 'over'), add(3, 'pending')]);
      const written: object[] = [];
      const gone: string[] = [];
      const belongings = {
        find: async (ids: readonly string[]) => [{ of: ids.length }],
        remove: async (ids: readonly string[]) => void gone.push(...ids),
      };
      const archive = async (records: readonly object[]) => {
        expect(await store.count(filter)).toBe(250 - gone.length);
        written.push(...records);
      };
      expect(await batches(removeExpired(expired(belongings), 120, archive))).toEqual([100, 20]);
      expect(written).toHaveLength(122);
      expect(written).toContainEqual({ of: 20 });
      expect([gone.length, await store.count(filter), await store.count({})]).toEqual([120, 130, 133]);
    });

    it('stays when it cannot be written out', async () => {
      await add(3, 'over');
      const full = () => Promise.reject(new Error('the disk is full'));
      await expect(batches(removeExpired(expired(), 9, full))).rejects.toThrow('full');
      expect(await store.count(filter)).toBe(3);
    });
  });
});
