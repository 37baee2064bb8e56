import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sample, samples, transition, type Sample } from './store.contract.js';
import { SqliteDatabase } from './store.sqlite.js';
import type { Query } from './store.js';

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
    await outbox.published([published!]);

    file.close();
    await expect(store.get('a')).rejects.toThrow('the embedded store failed');
    await expect(store.commit(transition(collection, sample('b')))).rejects.toThrow('the embedded store failed');

    file = new SqliteFile(dir);
    const reopened = new SqliteDatabase(file).collection(collection);
    expect(await reopened.store.get('a')).toStrictEqual(sample('a'));
    expect(await reopened.outbox.unpublished({ before: Date.now() + 1_000, limit: 10 })).toStrictEqual(rest);
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
    ['in the order of the index', { filter: { status: 'pending' }, sort: newest }, 'status_desc_created_at (<expr>=?)'],
    [
      'in the order of the index, backwards',
      { filter: { status: 'pending' }, sort: [['created_at', 'asc']] },
      'status_desc_created_at (<expr>=?)',
    ],
    [
      'within bounds',
      { filter: { agent_id: null, created_at: { gt: 5 } }, sort: newest },
      'agent_id_created_at (<expr>=? AND <expr>>?)',
    ],
    ['by what is due', { filter: { due_at: { lte: 5 } }, sort: [['due_at', 'asc']] }, 'due_at (<expr><?)'],
  ];
  for (const [title, { filter, sort }, index] of lists) {
    it(`reads a list ${title} from its index, without sorting`, async () => {
      const collection = samples();
      const { store } = new SqliteDatabase(file).collection(collection);
      const plan = await planOf(() => store.find({ filter, sort, limit: 10 }));
      expect(plan).toContain(`SEARCH ${collection.name} USING INDEX ${collection.name}_${index}`);
      expect(plan).not.toContain('TEMP B-TREE');
    });
  }

  it('finds one of several values with the index', async () => {
    const collection = samples();
    const { store } = new SqliteDatabase(file).collection(collection);
    const plan = await planOf(() => store.count({ status: { in: ['pending', 'approved'] } }));
    expect(plan).toContain(`INDEX ${collection.name}_status_desc_created_at (<expr>=?)`);
  });

  it('finds the events of a record with the index', async () => {
    const collection = samples();
    const { store, outbox } = new SqliteDatabase(file).collection(collection);
    const events = await store.commit(transition(collection, sample('a')));
    for (const work of [
      () => outbox.unpublished({ before: Date.now() + 1_000, limit: 1 }),
      () => outbox.published(events),
    ]) {
      expect(await planOf(work)).toContain('outbox USING INDEX outbox_record (collection=? AND record=?)');
    }
  });
});
