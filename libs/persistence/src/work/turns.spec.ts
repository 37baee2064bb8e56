import { atMillis } from '@countersign/contracts/time';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sample, samples, transition, type Sample } from '../../test/store.contract.js';
import { SqliteDatabase } from '../sqlite/sqlite-store.js';
import type { Store } from '../store.js';
import { shareOut, Turns } from './turns.js';

const nobody = () => 0;
const among = { status: 'pending', due_at: { lte: 1_000 } };

describe('owners who take turns', () => {
  const collection = samples();
  let dir: string;
  let file: SqliteFile;
  let store: Store<Sample>;
  let turns: Turns<Sample>;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-turns-'));
    file = new SqliteFile(dir);
    store = new SqliteDatabase(file).collection(collection).store;
    turns = new Turns(store, 'owner');
  });
  afterEach(() => {
    file.close();
    rmSync(dir, { recursive: true });
  });

  let added = 0;
  const add = async (owner: string, count = 1, due_at = 1) => {
    for (let n = 0; n < count; n += 1) {
      added += 1;
      const record = sample(`${owner}-${String(added).padStart(4, '0')}`, { owner, due_at: atMillis(due_at + n) });
      await store.commit(transition(collection, record, 0));
    }
  };
  /** Begins what is next, one place after another unless told, and says of whom. */
  const begin = async (count: number, places = 1, held: (owner: string) => number = nobody): Promise<string> => {
    let owners = '';
    while (owners.length < count) {
      const next = await turns.next(among, places, held);
      if (next.length === 0) break;
      for (const record of next) {
        owners += record.owner[0] ?? '-';
        const begun = { ...record, status: 'approved', version: record.version + 1 };
        await store.commit(transition(collection, begun, 0));
      }
    }
    return owners;
  };

  it('have one turn each round, however much some have', async () => {
    await add('alice', 20);
    await add('bob', 3);
    await add('carol', 2);
    expect(await begin(9)).toBe('abcabcaba');
  });

  it('have one as soon as they come, or come back with what has long been known', async () => {
    await add('alice', 50, 500);
    expect(await begin(6)).toBe('aaaaaa');
    await add('bob');
    await add('zoe', 20, 1);
    expect(await begin(4)).toMatch(/^bza/);
  });

  it('are given several places at once the same way', async () => {
    await add('alice', 20);
    await add('bob', 2);
    await add('', 1);
    expect([...(await begin(6, 6))].toSorted().join('')).toBe('-aaabb');
  });

  it('have what has been due for longest begin first, and nothing that is not due', async () => {
    await add('alice', 1, 900);
    await add('alice', 1, 100);
    await add('bob', 1, 2_000);
    const next = await turns.next(among, 5, nobody);
    expect(next.map(({ owner, due_at }) => [owner, due_at])).toEqual([
      ['alice', 100],
      ['alice', 900],
    ]);
  });

  it('are passed over while others have fewer places, and have all of them when nobody else waits', async () => {
    await add('alice', 5);
    await add('bob', 2);
    const held = (owner: string) => (owner === 'alice' ? 3 : 0);
    expect(await begin(3, 1, held)).toBe('bba');
  });

  it('cost two looks for one place when there is one owner, and few for many', async () => {
    await add('alice', 30);
    const find = vi.spyOn(store, 'find');
    await begin(2);
    find.mockClear();
    await begin(1);
    expect(find).toHaveBeenCalledTimes(2);
    for (let n = 0; n < 50; n += 1) await add(`user-${n}`);
    find.mockClear();
    await begin(1);
    expect(find.mock.calls.length).toBeLessThanOrEqual(2);
  });
});

describe('places', () => {
  const waiting = (of: Record<string, number>) =>
    new Map(Object.entries(of).map(([owner, count]) => [owner, Array.from({ length: count }, () => owner)]));

  it('go to who has the fewest, and then to all in turn', () => {
    const held = (owner: string) => (owner === 'a' ? 2 : 0);
    expect(shareOut(waiting({ a: 9, b: 9, c: 1 }), 7, held).join('')).toBe('bcbabab');
  });

  it('are no more than there are, nor than what waits', () => {
    expect(shareOut(waiting({ a: 2, b: 0 }), 5, nobody)).toEqual(['a', 'a']);
    expect(shareOut(waiting({ a: 2 }), 0, nobody)).toEqual([]);
  });
});
