import { atMillis, systemClock, type EpochMillis } from '@countersign/contracts/time';
import { newRecord } from '@countersign/persistence';
import { includes, leafHash, proveInclusion, rootAt } from '@countersign/transparency';
import { describe, expect, it } from 'vitest';
import { event, openRecord } from '../../test/record.fixtures.js';
import { exported } from '../export/exported.js';
import { positionCollection } from '../publish/publisher.js';
import type { Entry, Recordable } from '../record/entry.js';
import { Lease, leaseCollection } from '../record/lease.js';
import { Recorder } from '../record/recorder.js';
import { readNodes } from '../record/tree.js';
import { EntryRetention } from './entry-retention.js';
import { decideHold, holdCollection, type StoredHold } from './hold.js';

const day = 86_400_000;
const at = (days: number): EpochMillis => atMillis(Date.UTC(2026, 0, 1) + days * day);

/** A record whose entries were recorded on days that the test says, and what removes them. */
function aging() {
  const record = openRecord();
  const { store: leases } = record.database.collection(leaseCollection);
  const { store: positions } = record.database.collection(positionCollection);
  const { store: holds } = record.database.collection(holdCollection);
  let published = Infinity;
  const lease = (worker: number) =>
    new Lease({ store: leases, name: 'retention', ttlMs: 2_000 + worker, now: systemClock, exclusive: false });
  const retentionOn = (log = record.log, worker = 0) =>
    new EntryRetention({
      log,
      positions,
      holds,
      lease: lease(worker),
      published: async () => Math.min(published, await record.log.length()),
      now: systemClock,
      ttlMs: day,
    });
  const retention = retentionOn();
  let n = 0;
  async function on(days: number, key: string, change: Partial<Recordable> = {}) {
    const recorder = new Recorder({ log: record.log, lease: record.lease(), now: () => at(days), lingerMs: 0 });
    await recorder.record(event(n, { id: `${n}`, key, content: `${n}`, data: { run_id: key, n }, ...change }));
    n += 1;
    await recorder.idle();
  }
  async function removeBefore(days: number, by = retention) {
    let removed = 0;
    for await (const some of by.purgeBefore(at(days))) removed += some;
    return removed;
  }
  const kept = async () => (await record.all()).filter(({ leaf }) => leaf !== null).map(({ position }) => position);
  let holdCount = 0;
  async function hold(scope: Partial<Pick<StoredHold, 'run_id' | 'actor' | 'tool_name'>>) {
    const id = `hold-${(holdCount += 1)}`;
    const wanted = { id, run_id: null, actor: null, tool_name: null, ...scope, reason: 'a case', by: 'lena' };
    const decided = decideHold(undefined, { type: 'placed', hold: wanted }, at(0));
    if (decided.kind !== 'changed') throw new Error(decided.kind);
    await holds.commit({ expected: 0, state: { ...decided.state, version: 1 }, events: [] });
    return async () => {
      const known = (await holds.get(id))!;
      await holds.commit({ expected: 1, state: { ...known, status: 'released', version: 2 }, events: [] });
    };
  }
  return {
    ...record,
    on,
    removeBefore,
    kept,
    hold,
    retention,
    retentionOn,
    positions,
    publishedTo: (size: number) => (published = size),
  };
}

describe('entries that are old', () => {
  it('lose what they say, and every proof stays what it was', async () => {
    const { log, on, removeBefore, kept, all } = aging();
    for (let n = 0; n < 9; n++) await on(n, `run-${n}`);
    const before = await all();
    const [root, proof] = [await rootAt(9, readNodes(log)), await proveInclusion(7, 9, readNodes(log))];
    expect(await removeBefore(5)).toBe(5);
    expect(await kept()).toEqual([5, 6, 7, 8]);
    expect(await rootAt(9, readNodes(log))).toEqual(root);
    expect(await proveInclusion(7, 9, readNodes(log))).toEqual(proof);
    const leaf = leafHash(Buffer.from(before[7]!.leaf!));
    expect(includes({ leaf, index: 7, size: 9, root, proof })).toBe(true);
    expect((await all())[2]).toMatchObject({ ...before[2], leaf: null, actor: null, tool_name: null });
    expect(JSON.stringify((await all()).slice(0, 5))).not.toContain('ana');
    expect(await removeBefore(5)).toBe(0);
  });

  it('of a run go together, when the last of them is old', async () => {
    const { on, removeBefore, kept } = aging();
    await on(0, 'long');
    await on(0, 'short');
    await on(1, 'long');
    await on(9, 'long');
    expect(await removeBefore(5)).toBe(1);
    expect(await kept()).toEqual([0, 2, 3]);
    expect(await removeBefore(10)).toBe(3);
    expect(await kept()).toEqual([]);
  });

  it('of a person or a tool go one by one', async () => {
    const { on, removeBefore, kept } = aging();
    const signedIn = { type: 'access.signed_in', data: { subject: 'ana' } };
    await on(0, 'ana', signedIn);
    await on(9, 'ana', signedIn);
    expect(await removeBefore(5)).toBe(1);
    expect(await kept()).toEqual([1]);
  });

  it('are chosen by when they were recorded: nobody has a new one removed by an old time, or an old one kept by a new', async () => {
    const { on, removeBefore, kept } = aging();
    await on(0, 'old', { time: '2099-01-01T00:00:00Z' });
    await on(9, 'new', { time: '1999-01-01T00:00:00Z' });
    await removeBefore(5);
    expect(await kept()).toEqual([1]);
  });

  it('are numbered on, and known again: what comes once more is recorded neither anew nor as a conflict', async () => {
    const { log, on, removeBefore, all, lease } = aging();
    await on(0, 'run');
    await removeBefore(5);
    const recorder = new Recorder({ log, lease: lease(), now: () => at(6), lingerMs: 0 });
    const again = event(0, { id: '0', key: 'run', content: '0', data: { run_id: 'run', n: 0 } });
    await recorder.record(again);
    expect(recorder.counts).toMatchObject({ duplicates: 1, conflicts: 0 });
    await recorder.record({ ...again, content: 'other' });
    expect(recorder.counts).toMatchObject({ conflicts: 1 });
    expect((await all()).map(({ sequence }) => sequence)).toEqual([1, 2]);
    await recorder.idle();
  });

  it('stay while they are not published, and rules and holds stay for good', async () => {
    const { on, removeBefore, kept, publishedTo } = aging();
    await on(0, 'v1', { type: 'config.rules_declared', data: { version: 'v1' } });
    await on(0, 'run');
    await on(0, 'run', { type: 'audit.hold_placed', data: { hold_id: 'h' } });
    publishedTo(0);
    expect(await removeBefore(5)).toBe(0);
    publishedTo(3);
    expect(await removeBefore(5)).toBe(1);
    expect(await kept()).toEqual([0, 2]);
  });

  it('go in any number, and go on where a crash left them', async () => {
    const { log, on, removeBefore, kept, retentionOn } = aging();
    for (let n = 0; n < 130; n++) await on(0, n < 10 ? `short-${n}` : 'long');
    let writes = 0;
    const dying = {
      ...bound(log),
      replace: async (entries: readonly Entry[]) => {
        if ((writes += 1) > 21) throw new Error('killed');
        await log.replace(entries);
      },
    };
    await expect(removeBefore(5, retentionOn(dying))).rejects.toThrow('killed');
    expect(await kept()).toEqual([129]);
    expect(await removeBefore(5)).toBeGreaterThan(0);
    expect(await kept()).toEqual([]);
  });

  it('are left out of what a SIEM gets, and have their place where everything is listed', async () => {
    const { on, removeBefore, all } = aging();
    await on(0, 'old');
    await on(9, 'new');
    await removeBefore(5);
    const lines = exported(await all(), 'ndjson')
      .trim()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { entry: unknown }).entry)).toEqual([null, expect.anything()]);
    expect(
      exported(await all(), 'ocsf')
        .trim()
        .split('\n'),
    ).toHaveLength(1);
  });
});

describe('a legal hold', () => {
  it.each([
    ['a run', { run_id: 'b' }, [1]],
    ['who acted', { actor: 'bob' }, [1]],
    ['who is named, in whatever spelling it was entered', { actor: 'carl' }, [2]],
    ['a tool', { tool_name: 'pay' }, [2]],
    ['all of several', { run_id: 'b', actor: 'carl' }, []],
    ['everything', {}, [0, 1, 2]],
  ])('on %s keeps just that', async (_, scope, held) => {
    const { on, removeBefore, kept, hold } = aging();
    await on(0, 'a');
    await on(0, 'b', { data: { run_id: 'b', by: 'Bob ' } });
    await on(0, 'c', { data: { run_id: 'c', user_id: 'carl', by: 'dora', tool_name: 'pay' } });
    await hold(scope);
    await removeBefore(5);
    expect(await kept()).toEqual(held);
  });

  it('holds all of a run by any entry of it', async () => {
    const { on, removeBefore, kept, hold } = aging();
    await on(0, 'a', { data: { run_id: 'a', by: 'ana' } });
    await on(1, 'a', { data: { run_id: 'a', by: 'bob' } });
    await on(1, 'b');
    await hold({ actor: 'bob' });
    await removeBefore(5);
    expect(await kept()).toEqual([0, 1]);
  });

  it('lets go what it was on once it is released, unless there is another', async () => {
    const { on, removeBefore, kept, hold } = aging();
    for (const key of ['a', 'b', 'c']) await on(0, key);
    const release = await hold({});
    await hold({ run_id: 'b' });
    expect(await removeBefore(5)).toBe(0);
    await release();
    expect(await removeBefore(5)).toBe(2);
    expect(await kept()).toEqual([1]);
  });

  it('counts for whoever is removing when it is placed, in this process or another', async () => {
    const { log, on, removeBefore, kept, hold, retentionOn } = aging();
    for (const key of ['a', 'b']) await on(0, key);
    let meanwhile: Promise<void> | undefined;
    let settled = false;
    const other = retentionOn(undefined, 1);
    const slow = {
      ...bound(log),
      async replace(entries: readonly Entry[]) {
        if (!meanwhile) {
          await hold({});
          meanwhile = other.settled().then(() => void (settled = true));
          await Promise.race([meanwhile, new Promise((resolve) => setTimeout(resolve, 100))]);
          expect(settled).toBe(false);
        }
        await log.replace(entries);
      },
    };
    await removeBefore(5, retentionOn(slow));
    await meanwhile;
    const left = await kept();
    await on(0, 'c');
    await removeBefore(5);
    expect(await kept()).toEqual([...left, 2]);
  });

  it('is released once, and placed once', () => {
    const placed = { id: 'h', run_id: null, actor: null, tool_name: null, reason: 'a case', by: 'lena' };
    const hold = { ...newRecord(at(0)), ...placed, status: 'released' } as StoredHold;
    expect(decideHold(hold, { type: 'released', reason: 'x', by: 'eve' }, at(1))).toMatchObject({ kind: 'ignored' });
    expect(decideHold(hold, { type: 'placed', hold: placed }, at(1))).toMatchObject({ kind: 'ignored' });
    expect(decideHold(undefined, { type: 'released', reason: 'x', by: 'eve' }, at(1))).toMatchObject({
      kind: 'rejected',
      code: 'hold_not_found',
    });
  });
});

const bound = (log: ReturnType<typeof openRecord>['log']) => ({
  append: (entries: readonly Entry[]) => log.append(entries),
  replace: (entries: readonly Entry[]) => log.replace(entries),
  length: () => log.length(),
  find: (query: Parameters<typeof log.find>[0]) => log.find(query),
});
