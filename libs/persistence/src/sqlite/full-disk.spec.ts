import { TerminalError } from '@countersign/contracts/problems';
import { after, atMillis, systemClock } from '@countersign/contracts/time';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sample, samples, transition, type Sample } from '../../test/store.contract.js';
import { SqliteDatabase } from './sqlite-store.js';
import { VersionConflict, type Query } from '../store.js';

describe('SQLite as a record store, on disk', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-disk-'));
  let file: SqliteFile;
  beforeEach(() => {
    file = new SqliteFile(dir);
  });
  afterEach(() => {
    file.close();
    rmSync(dir, { recursive: true });
  });

  it('keeps records and their unpublished events when it is closed and opened again', async () => {
    const collection = samples();
    const { store, outbox } = new SqliteDatabase(file).collection(collection);
    const [published, ...rest] = await store.commit(transition(collection, sample('a'), 3));
    await outbox.markPublished([published!]);

    file.close();
    await expect(store.get('a')).rejects.toThrow('the embedded store failed');
    await expect(store.commit(transition(collection, sample('b')))).rejects.toThrow('the embedded store failed');

    file = new SqliteFile(dir);
    const reopened = new SqliteDatabase(file).collection(collection);
    expect(await reopened.store.get('a')).toStrictEqual(sample('a'));
    expect(await reopened.outbox.unpublished({ before: after(systemClock(), 1_000), limit: 10 })).toStrictEqual(rest);
  });

  it('fills the columns of an index that was not declared when its records were stored', async () => {
    const collection = samples();
    const { store } = new SqliteDatabase(file).collection<Sample>({ ...collection, indexes: [] });
    await store.commit(transition(collection, sample('a', { status: 'approved', automatic: true })));
    const indexed = { ...collection, indexes: [['status'], ['automatic']] };
    const reopened = new SqliteDatabase(file).collection<Sample>(indexed).store;
    const filter = { status: 'approved', automatic: true };
    expect(await reopened.find({ filter, sort: [], limit: 10 })).toStrictEqual([
      sample('a', { status: 'approved', automatic: true }),
    ]);
    await reopened.commit(transition(collection, sample('a', { status: 'pending', version: 2 })));
    expect(await reopened.count(filter)).toBe(0);
    expect(await reopened.count({ status: 'pending', automatic: false })).toBe(1);
  });

  describe('with a log in the same file', () => {
    const collection = samples();
    let told: string[];
    const database = (fails?: Error) =>
      new SqliteDatabase(file, (events) => {
        if (fails) throw fails;
        return () => told.push(...events.map(({ id }) => id));
      }).collection(collection);
    beforeEach(() => void (told = []));

    it('publishes with the commit and leaves nothing in the outbox', async () => {
      const { store, outbox } = database();
      const commit = transition(collection, sample('a'), 2);
      expect(await store.commit(commit)).toEqual([]);
      expect(told).toEqual(commit.events.map(({ id }) => id));
      expect(await outbox.unpublished({ before: atMillis(Infinity), limit: 10 })).toEqual([]);
    });

    it('publishes nothing of a commit that somebody else was faster with', async () => {
      const { store } = database();
      await store.commit(transition(collection, sample('a')));
      told = [];
      await expect(store.commit(transition(collection, sample('a')))).rejects.toThrow(VersionConflict);
      expect(told).toEqual([]);
    });

    it('keeps what the log never takes in the outbox, and what follows behind it', async () => {
      const first = transition(collection, sample('a'));
      expect(await database(new TerminalError('not_publishable', 'not in the catalogue')).store.commit(first)).toEqual(
        first.events,
      );
      const second = transition(collection, sample('a', { version: 2 }));
      expect(await database().store.commit(second)).toEqual([...first.events, ...second.events]);
      expect(told).toEqual([]);
    });
  });

  /** How SQLite goes about the last statement with parameters that `work` prepares. */
  async function planOf(work: () => Promise<unknown>): Promise<string> {
    const sql = vi.spyOn(file, 'sql');
    await work();
    const text = sql.mock.calls.map(([statement]) => statement).findLast((statement) => statement.includes('?'))!;
    sql.mockRestore();
    const values = Array.from(text.matchAll(/\?/g), () => '[]');
    const steps = file.sql(`EXPLAIN QUERY PLAN ${text}`).all(...values);
    return steps.map(({ detail }) => detail).join('\n');
  }

  const newest = [['created_at', 'desc']] as const;
  const lists: [string, Pick<Query<Sample>, 'filter' | 'sort'>, string][] = [
    ['in the order of the index', { filter: { status: 'pending' }, sort: newest }, 'status_desc_created_at (status=?)'],
    [
      'in the order of the index, backwards',
      { filter: { status: 'pending' }, sort: [['created_at', 'asc']] },
      'status_desc_created_at (status=?)',
    ],
    [
      'within bounds',
      { filter: { agent_id: null, created_at: { gt: 5 } }, sort: newest },
      'agent_id_created_at (agent_id=? AND created_at>?)',
    ],
    ['by what is due', { filter: { due_at: { lte: 5 } }, sort: [['due_at', 'asc']] }, 'due_at (due_at<?)'],
  ];
  for (const [title, { filter, sort }, index] of lists) {
    it(`reads a list ${title} from its index, without sorting`, async () => {
      const collection = samples();
      const { store } = new SqliteDatabase(file).collection(collection);
      const plan = await planOf(() => store.find({ filter, sort, limit: 10 }));
      expect(plan).toContain(`SEARCH ${collection.name} USING INDEX ${collection.name}_by_${index}`);
      expect(plan).not.toContain('TEMP B-TREE');
    });
  }

  it('finds one of several values with the index', async () => {
    const collection = samples();
    const { store } = new SqliteDatabase(file).collection(collection);
    const plan = await planOf(() => store.count({ status: { in: ['pending', 'approved'] } }));
    expect(plan).toContain(`INDEX ${collection.name}_by_status_desc_created_at (status=?)`);
  });

  it('finds what it removes with the index, and whether it has something to tell', async () => {
    const collection = samples();
    const { store } = new SqliteDatabase(file).collection(collection);
    const plan = await planOf(() => store.remove({ status: 'over', created_at: { lt: 5 } }, 10));
    expect(plan).toContain(`INDEX ${collection.name}_by_status_desc_created_at (status=? AND created_at<?)`);
    expect(plan).toContain('INDEX outbox_record (collection=? AND record=?)');
  });

  it('finds the events of a record with the index', async () => {
    const collection = samples();
    const { store, outbox } = new SqliteDatabase(file).collection(collection);
    const events = await store.commit(transition(collection, sample('a')));
    for (const work of [
      () => outbox.unpublished({ before: after(systemClock(), 1_000), limit: 1 }),
      () => outbox.markPublished(events),
    ]) {
      expect(await planOf(work)).toContain('outbox USING INDEX outbox_record (collection=? AND record=?)');
    }
  });
});
