import { RetryableError } from '@countersign/contracts/problems';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { quiet } from '../../test/bus.contract.js';
import { SqliteBus } from './sqlite-bus.js';
import type { Handler } from '../bus.js';

const soon = { timeout: 10_000, interval: 5 };
const [orders, notes] = ['orders', 'notes'];

describe('the embedded log, when old messages are removed', () => {
  let dir: string;
  let file: SqliteFile;
  let bus: SqliteBus;
  const open = () => {
    file = new SqliteFile(dir);
    bus = new SqliteBus(file, { log: quiet });
  };
  const close = async () => {
    await bus.close();
    file.close();
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-trim-'));
    open();
  });
  afterEach(async () => {
    await close();
    rmSync(dir, { recursive: true });
  });

  const publish = (topic: string, ...values: string[]) =>
    bus.publish(values.map((value) => ({ topic, key: null, headers: {}, value: Buffer.from(value) })));
  /** Publishes what is as old as time. */
  const publishOld = async (topic: string, ...values: string[]) => {
    const young = file.sql('SELECT ifnull(max(offset), 0) AS last FROM log').get()!['last']!;
    await publish(topic, ...values);
    file.sql('UPDATE log SET timestamp = 0 WHERE offset > ?').run(young);
  };
  const trim = async () => {
    const removed: number[] = [];
    for await (const count of bus.trim(1)) removed.push(count);
    return removed;
  };
  const left = () =>
    file
      .sql('SELECT value FROM log ORDER BY offset')
      .all()
      .map(({ value }) => text(value as Uint8Array));
  const text = (value: Uint8Array | null) => Buffer.from(value ?? []).toString();

  function listen(group: string, topics = [orders], handle: Handler = async () => {}) {
    const got: { value: string; offset: number }[] = [];
    const subscription = bus.subscribe({
      group,
      topics,
      handle: async (delivery) => {
        await handle(delivery);
        got.push({ value: text(delivery.value), offset: Number(delivery.offset) });
      },
    });
    const values = () => got.map(({ value }) => value);
    const hears = (...expected: string[]) => vi.waitFor(() => expect(values()).toEqual(expected), soon);
    return { got, hears, leave: () => subscription.close() };
  }
  const refuses: Handler = async () => {
    throw new RetryableError('the store is down');
  };
  /** The group has handled these, and the log knows. */
  const handled = async (group: string, ...values: string[]) => {
    const { hears, leave } = listen(group);
    await hears(...values);
    await leave();
  };

  it('keeps what is young, and removes the rest once every group has handled it', async () => {
    await publishOld(orders, 'a', 'b');
    await publish(orders, 'c');
    await handled('one', 'a', 'b', 'c');
    const slow = listen('two', [orders], refuses);
    expect(await trim()).toEqual([0]);
    expect(left()).toEqual(['a', 'b', 'c']);
    await slow.leave();
    await handled('two', 'a', 'b', 'c');
    expect(await trim()).toEqual([2]);
    expect(left()).toEqual(['c']);
    expect(await trim()).toEqual([]);
  });

  it('keeps what a group that is not here now has yet to handle', async () => {
    await publishOld(orders, 'a');
    await handled('away', 'a');
    await publishOld(orders, 'b');
    await publishOld(notes, 'n');
    expect(await trim()).toEqual([2]);
    expect(left()).toEqual(['b']);
    await handled('away', 'b');
    expect(await trim()).toEqual([1]);
  });

  it('keeps everything for a group that has just come, also when another of its name is still leaving', async () => {
    await publishOld(orders, 'a');
    const [started, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = listen('one', [orders], () => (started.resolve(), gate.promise));
    await started.promise;
    const leaving = first.leave();
    await publishOld(notes, 'n');
    listen('one', [orders, notes], refuses);
    expect(await trim()).toEqual([0]);
    gate.resolve();
    await leaving;
    expect(left()).toEqual(['a', 'n']);
  });

  it('removes what no group ever wanted', async () => {
    await publishOld(notes, 'n');
    expect(await trim()).toEqual([1]);
  });

  it('goes on with the same offsets, for those who were there and those who come later', async () => {
    await publishOld(orders, 'a', 'b');
    const old = listen('old');
    await old.hears('a', 'b');
    await old.leave();
    expect(await trim()).toEqual([2]);
    await close();
    open();
    const again = listen('old');
    await publish(orders, 'c');
    await again.hears('c');
    const late = listen('late');
    await late.hears('c');
    expect(late.got).toEqual(again.got);
    expect(late.got[0]!.offset).toBeGreaterThan(old.got[1]!.offset);
  });

  it('shows a tail the latest of what is left', async () => {
    await publishOld(orders, 'a', 'b');
    await trim();
    const seen: string[] = [];
    const tail = () => bus.tail({ topics: [orders], last: 10, handle: ({ value }) => void seen.push(text(value)) });
    await tail().close();
    expect(seen).toEqual([]);
    await publish(orders, 'c');
    tail();
    await publish(orders, 'd');
    expect(seen).toEqual(['c', 'd']);
  });

  it('takes a part at a time, and others have their turn between', async () => {
    await publishOld(orders, ...Array.from({ length: 1_200 }, (_, n) => `${n}`));
    const removed: number[] = [];
    for await (const count of bus.trim(1)) {
      removed.push(count);
      await publish(notes, 'meanwhile');
    }
    expect(removed).toEqual([500, 500, 200]);
    expect(left()).toEqual(['meanwhile', 'meanwhile', 'meanwhile']);
  });

  it('is not held up by a message from a day on which the clock was wrong', async () => {
    await publishOld(orders, 'a');
    await publish(orders, 'from the future');
    await publishOld(orders, 'b');
    expect(await trim()).toEqual([2]);
    expect(left()).toEqual(['from the future']);
  });
});
