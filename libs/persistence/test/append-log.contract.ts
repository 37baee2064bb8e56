import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppendLog, Positioned } from '../src/append-log/append-log.js';
import { VersionConflict, type Database } from '../src/store.js';

interface Line extends Positioned {
  key: string;
  text: string;
  actor: string | null;
}

const newName = (): string =>
  `lines_${Array.from({ length: 12 }, () => String.fromCharCode(97 + randomInt(26))).join('')}`;
const line = (position: number, fields: Partial<Line> = {}): Line => ({
  position,
  key: position % 2 === 0 ? 'even' : 'odd',
  text: `line ${position}`,
  actor: null,
  ...fields,
});
const lines = (from: number, to: number): Line[] => Array.from({ length: to - from }, (_, n) => line(from + n));

/** What an append-only log promises, on any database. */
export function describeAppendLog(name: string, open: () => Database): void {
  describe(`an append-only log in ${name}`, () => {
    let database: Database;
    beforeAll(() => void (database = open()));
    afterAll(() => database.close());
    const newLog = (): AppendLog<Line> => database.appendLog({ name: newName(), indexes: [['key']] });
    const positions = async (log: AppendLog<Line>, filter = {}) =>
      (await log.find({ filter, sort: [], limit: 1_000 })).map(({ position }) => position);

    it('begins empty, and has what was appended, in its order', async () => {
      const log = newLog();
      expect(await log.length()).toBe(0);
      await log.append(lines(0, 3));
      await log.append([]);
      await log.append(lines(3, 5));
      expect(await log.length()).toBe(5);
      expect(await log.find({ filter: {}, sort: [], limit: 10 })).toEqual(lines(0, 5));
    });

    it('gives each position once, and leaves what is there as it is', async () => {
      const log = newLog();
      await log.append(lines(0, 3));
      await expect(log.append([line(2, { text: 'another' })])).rejects.toThrow(VersionConflict);
      await expect(log.append([line(2, { text: 'another' }), line(3)])).rejects.toThrow(VersionConflict);
      expect(await log.find({ filter: {}, sort: [], limit: 10 })).toEqual(lines(0, 3));
    });

    it('has one winner of all who append at its end at once, and no gap', async () => {
      const log = newLog();
      const attempts = Array.from({ length: 20 }, (_, n) => [line(0, { text: `${n}` }), line(1, { text: `${n}` })]);
      const settled = await Promise.allSettled(attempts.map((entries) => log.append(entries)));
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const stored = await log.find({ filter: {}, sort: [], limit: 10 });
      expect(stored.map(({ position }) => position)).toEqual([0, 1]);
    });

    it('is searched by fields and bounds, forwards and backwards, page by page', async () => {
      const log = newLog();
      await log.append(lines(0, 10));
      expect(await positions(log, { key: 'odd' })).toEqual([1, 3, 5, 7, 9]);
      expect(await positions(log, { key: 'odd', position: { gt: 3, lte: 7 } })).toEqual([5, 7]);
      expect(await positions(log, { position: { in: [8, 2] } })).toEqual([2, 8]);
      const last = await log.find({ filter: { key: 'even' }, sort: [['position', 'desc']], limit: 2, skip: 1 });
      expect(last.map(({ position }) => position)).toEqual([6, 4]);
    });

    it('loses what is taken out of an entry, and gains none', async () => {
      const log = newLog();
      await log.append(lines(0, 3));
      await log.replace([line(1, { text: '', key: 'gone' }), line(7)]);
      await log.replace([]);
      expect(await log.find({ filter: {}, sort: [], limit: 10 })).toEqual([
        line(0),
        line(1, { text: '', key: 'gone' }),
        line(2),
      ]);
      expect(await positions(log, { key: 'odd' })).toEqual([]);
      expect(await positions(log, { key: 'gone' })).toEqual([1]);
      await expect(log.append([line(1)])).rejects.toThrow(VersionConflict);
      await log.append([line(3)]);
      expect(await log.length()).toBe(4);
    });

    it('keeps texts as they are, whatever is in them', async () => {
      const log = newLog();
      const odd = line(0, { text: '{"a":"\\ud800"}\n\0 $set', actor: '\ud800' });
      await log.append([odd]);
      expect(await log.find({ filter: {}, sort: [], limit: 1 })).toEqual([odd]);
    });
  });
}
