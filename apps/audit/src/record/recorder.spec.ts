import { unknownContent } from '@countersign/contracts/audit';
import { RetryableError } from '@countersign/contracts/problems';
import { atMillis } from '@countersign/contracts/time';
import { includes, proveInclusion, rootAt } from '@countersign/transparency';
import { describe, expect, it, vi } from 'vitest';
import { event, openRecord } from '../../test/record.fixtures.js';
import { hashOf, type Entry } from './entry.js';
import { Recorder } from './recorder.js';
import { frontierAt, readNodes } from './tree.js';

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const isGapFree = (entries: readonly Entry[]) => {
  const last = new Map<string, number>();
  for (const { key, sequence } of entries) {
    expect(sequence, key).toBe((last.get(key) ?? 0) + 1);
    last.set(key, sequence);
  }
};

describe('the record', () => {
  it('has every event once, numbered within its run, and each is in its tree', async () => {
    const { recorder, log, all } = openRecord();
    const one = recorder();
    await Promise.all(numbers(0, 50).map((n) => one.record(event(n))));
    await Promise.all(numbers(30, 60).map((n) => one.record(event(n))));
    const entries = await all();
    expect(entries.map(({ position }) => position)).toEqual(numbers(0, 60));
    expect(new Set(entries.map(({ identity }) => identity)).size).toBe(60);
    isGapFree(entries);
    expect(one.counts.duplicates).toBe(20);
    const root = await rootAt(60, readNodes(log));
    for (const { leaf, position } of entries) {
      const proof = await proveInclusion(position, 60, readNodes(log));
      expect(includes({ leaf: hashOf(leaf!), index: position, size: 60, root, proof })).toBe(true);
    }
    expect((await frontierAt(log, 60)).root).toEqual(root);
  });

  it('knows again what was rebuilt without its contents, and goes on behind it', async () => {
    const { recorder, log, all } = openRecord();
    const one = recorder();
    await Promise.all(numbers(0, 3).map((n) => one.record(event(n))));
    await log.replace((await all()).map((entry) => ({ ...entry, content: unknownContent })));
    const other = recorder();
    await Promise.all(numbers(0, 6).map((n) => other.record(event(n))));
    expect(other.counts).toMatchObject({ duplicates: 3, conflicts: 0 });
    expect((await all()).map(({ position }) => position)).toEqual(numbers(0, 6));
    isGapFree(await all());
  });

  it('has both of two events with one id, since either may be forged, and counts that', async () => {
    const { recorder, all } = openRecord();
    const one = recorder();
    await one.record(event(1));
    await Promise.all([one.record(event(1, { content: 'other' })), one.record(event(1))]);
    expect((await all()).map(({ content }) => content)).toEqual(['content 1', 'other']);
    expect(one.counts).toMatchObject({ conflicts: 1, duplicates: 1 });
  });

  it('is written by one instance at a time, and all that each received is there once', async () => {
    const { recorder, all } = openRecord();
    const instances = [recorder(), recorder(), recorder()];
    await Promise.all(numbers(0, 300).map((n) => instances[n % 3]!.record(event(n))));
    // As after a rebalance: others are told the same.
    await Promise.all(numbers(0, 300).map((n) => instances[(n + 1) % 3]!.record(event(n))));
    const entries = await all();
    expect(entries).toHaveLength(300);
    expect(new Set(entries.map(({ identity }) => identity)).size).toBe(300);
    isGapFree(entries);
  });

  it('stays whole whoever believes to be the only writer', async () => {
    const { recorder, all, log } = openRecord();
    const paused = recorder({ leased: false });
    const next = recorder({ leased: false });
    await paused.record(event(0));
    await next.record(event(1));
    await Promise.all(numbers(0, 200).map((n) => (n % 2 ? paused : next).record(event(n))));
    const entries = await all();
    expect(entries).toHaveLength(200);
    isGapFree(entries);
    expect((await frontierAt(log, 200)).root).toEqual(await rootAt(200, readNodes(log)));
  });

  it('loses and doubles nothing when a write fails, whether or not and however much of it was stored', async () => {
    const { recorder, log, all } = openRecord();
    const one = recorder();
    await one.record(event(0));
    for (const stored of [0, 2, 5]) {
      const append = log.append.bind(log);
      const failing = vi.spyOn(log, 'append').mockImplementationOnce(async (entries) => {
        await append(entries.slice(0, stored));
        throw new RetryableError('the connection broke');
      });
      const events = numbers(1, 6).map((n) => event(10 * (stored + 1) + n));
      const told = await Promise.allSettled(events.map((each) => one.record(each)));
      expect(told.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
      failing.mockRestore();
      await Promise.all(events.map((each) => one.record(each)));
    }
    const entries = await all();
    expect(entries).toHaveLength(16);
    expect(new Set(entries.map(({ identity }) => identity)).size).toBe(16);
    isGapFree(entries);
    expect((await frontierAt(log, 16)).root).toEqual(await rootAt(16, readNodes(log)));
  });

  it('goes on after a restart where it was', async () => {
    const { recorder, all } = openRecord();
    await Promise.all(numbers(0, 7).map((n) => recorder().record(event(n))));
    await recorder().record(event(7));
    const entries = await all();
    expect(entries).toHaveLength(8);
    isGapFree(entries);
  });

  it('is the same when it is made once more of the same events in the same order', async () => {
    const [first, second] = [openRecord(), openRecord()];
    for (const { recorder } of [first, second]) {
      const one = recorder();
      for (const n of numbers(0, 9)) await one.record(event(n));
    }
    expect((await first.all()).map(({ leaf }) => leaf)).toEqual((await second.all()).map(({ leaf }) => leaf));
  });

  it('writes once for all that consumers hand over together, and takes its lease once for all of that', async () => {
    const { log, lease } = openRecord();
    const writer = lease();
    const taken = vi.spyOn(writer, 'release');
    const append = vi.spyOn(log, 'append');
    const one = new Recorder({ log, lease: writer, now: () => atMillis(0), lingerMs: 1 });
    // A consumer has the events of a run one after another, and those of several runs together.
    const consumed = async (run: number) => {
      for (const n of numbers(0, 10)) await one.record(event(run * 10 + n, { key: `run-${run}` }));
    };
    await Promise.all(numbers(0, 64).map(consumed));
    await one.idle();
    expect(await log.length()).toBe(640);
    expect(append).toHaveBeenCalledTimes(10);
    expect(taken).toHaveBeenCalledTimes(1);
  });

  it('counts what comes late', async () => {
    const { recorder } = openRecord();
    const one = recorder();
    await one.record(event(0, { time: '2020-01-01T00:00:00Z' }));
    await one.record(event(1, { time: new Date().toISOString() }));
    await one.record(event(2, { time: 'no time' }));
    expect(one.counts.late).toBe(1);
  });
});
