import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { DiskFull } from './disk-full.js';
import { DataInUse, SqliteFile } from './sqlite-file.js';

describe('the SQLite file', () => {
  let dir: string;
  let file: SqliteFile;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-sqlite-'));
    file = new SqliteFile(dir);
    file.exec('CREATE TABLE numbers (n INTEGER PRIMARY KEY)');
  });
  afterEach(() => {
    file.close();
    rmSync(dir, { recursive: true });
  });

  it('says of a full disk that it is full, takes nothing half, and goes on once there is room', async () => {
    const { page_count } = file.sql('PRAGMA page_count').get()!;
    file.sql(`PRAGMA max_page_count = ${Number(page_count) + 2}`).get();
    const text = 'x'.repeat(100_000);
    const many = () => {
      insert(1);
      file.exec(`CREATE TABLE more AS SELECT '${text}' AS text`);
    };
    await expect(file.write(many)).rejects.toThrow(DiskFull);
    await expect(file.write(many)).rejects.toThrow(`The disk is full: there is no room in ${dir}.`);
    await expect(file.probe()).rejects.toThrow(DiskFull);
    expect(numbers()).toEqual([]);
    file.sql('PRAGMA max_page_count = 100000').get();
    await file.probe();
    await file.write(many);
    expect(numbers()).toEqual([1]);
  });

  const insert = (n: number) => file.sql('INSERT INTO numbers VALUES (?)').run(n);
  const numbers = () =>
    file
      .sql('SELECT n FROM numbers ORDER BY n')
      .all()
      .map(({ n }) => n);

  it.each(['INCREMENTAL', 'NONE'])('gives back to the disk what was removed, though it began as %s', async (kind) => {
    const sizeOf = () => statSync(join(dir, 'countersign.sqlite')).size;
    file.exec(`PRAGMA auto_vacuum = ${kind}`);
    if (kind === 'NONE') file.exec('VACUUM');
    file.exec('CREATE TABLE texts (n INTEGER PRIMARY KEY, text TEXT)');
    const add = (n: number) => file.sql('INSERT INTO texts VALUES (?, ?)').run(n, 'x'.repeat(50_000));
    await file.write(() => Array.from({ length: 400 }, (_, n) => add(n)));
    file.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const full = sizeOf();
    await file.write(() => file.exec('DELETE FROM texts WHERE n >= 10'));
    await Promise.all([file.shrink(), file.write(() => insert(1))]);
    expect(full).toBeGreaterThan(20_000_000);
    expect(sizeOf()).toBeLessThan(2_000_000);
    expect(numbers()).toEqual([1]);
    expect(file.sql('SELECT count(*) AS count FROM texts').get()).toEqual({ count: 10 });
  });

  it('is for its owner alone, and so is what SQLite keeps beside it, whatever the folder and an earlier life say', async () => {
    await file.write(() => insert(1));
    const modes = () =>
      readdirSync(dir).map((name) => `${name} ${(statSync(join(dir, name)).mode & 0o777).toString(8)}`);
    expect(modes()).toEqual(['countersign.sqlite 600', 'countersign.sqlite-wal 600']);
    file.close();
    chmodSync(dir, 0o755);
    chmodSync(join(dir, 'countersign.sqlite'), 0o644);
    file = new SqliteFile(dir);
    expect(modes()).toContain('countersign.sqlite 600');
  });

  it('resolves with what the work returns, once it is stored', async () => {
    const writing = file.write(() => insert(1).changes);
    expect(numbers()).toEqual([]);
    await expect(writing).resolves.toBe(1);
    expect(numbers()).toEqual([1]);
  });

  it('runs the writes of a turn in one transaction, in order', async () => {
    const seen: unknown[] = [];
    await Promise.all(
      [1, 2, 3].map((n) =>
        file.write(() => {
          insert(n);
          seen.push(numbers());
        }),
      ),
    );
    expect(seen).toEqual([[1], [1, 2], [1, 2, 3]]);
  });

  it('says what is on disk in the order of the writes, and nothing of what is not', async () => {
    const told: unknown[] = [];
    const tell = (n: unknown) => told.push(n, numbers());
    const writes = [1, 2, 2].map((n) => file.write(() => (insert(n), n), tell));
    await Promise.allSettled(writes);
    expect(told).toEqual([1, [1, 2], 2, [1, 2]]);
  });

  it('undoes a write that fails, alone and entirely', async () => {
    const outcomes = await Promise.allSettled([
      file.write(() => insert(1)),
      file.write(() => {
        insert(2);
        insert(1);
      }),
      file.write(() => {
        insert(3);
        throw new Error('changed my mind');
      }),
      file.write(() => insert(4)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(outcomes[2]).toHaveProperty('reason.message', 'changed my mind');
    expect(numbers()).toEqual([1, 4]);
  });

  it('fails all writes of a turn when the transaction ends under them, and goes on', async () => {
    const outcomes = await Promise.allSettled([
      file.write(() => insert(1)),
      file.write(() => {
        file.exec('ROLLBACK');
        throw new Error('disk full');
      }),
      file.write(() => insert(2)),
    ]);
    for (const outcome of outcomes) expect(outcome).toHaveProperty('reason.message', 'disk full');
    await file.write(() => insert(3));
    expect(numbers()).toEqual([3]);
  });

  it('stores what was written before it is closed, and refuses what comes later', async () => {
    const before = file.write(() => insert(1));
    file.close();
    await before;
    await expect(file.write(() => insert(2))).rejects.toThrow('not open');
    file = new SqliteFile(dir);
    expect(numbers()).toEqual([1]);
  });

  it('is open once in a process', () => {
    expect(() => new SqliteFile(dir)).toThrow(DataInUse);
    file.close();
    new SqliteFile(dir).close();
  });

  /** Another Node process that imports this class and knows the directory. */
  const program = (then: string): string[] => [
    '--input-type=module',
    '--eval',
    `const { registerHooks } = await import('node:module');
    registerHooks({ resolve: (name, context, next) => next(name.replace(/^(\\..*)\\.js$/, '$1.ts'), context) });
    const { SqliteFile } = await import(${JSON.stringify(new URL('./sqlite-file.ts', import.meta.url).href)});
    const dir = ${JSON.stringify(dir)};
    ${then}`,
  ];
  async function holder(): Promise<ChildProcess> {
    const child = spawn(
      process.execPath,
      program(`
        const file = new SqliteFile(dir);
        await file.write(() => file.sql('INSERT INTO numbers VALUES (7)').run());
        setInterval(() => file, 1_000);
        console.log('open');`),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout!, 'data');
    return child;
  }

  it('is copied while it is written to, whatever transaction the copy meets', async () => {
    let writing = true;
    let n = 0;
    const writer = (async () => {
      while (writing) await file.write(() => file.sql('INSERT INTO numbers VALUES (?)').run((n += 1)));
    })();
    for (let copy = 0; copy < 20; copy += 1) {
      const to = mkdtempSync(join(dir, 'copy-'));
      await file.backup(to);
      const copied = new SqliteFile(to);
      onTestFinished(() => copied.close());
      const { count, last } = copied.sql('SELECT count(*) AS count, max(n) AS last FROM numbers').get()!;
      expect(count).toBe(last ?? 0);
    }
    writing = false;
    await writer;
  });

  it('is open in one process at a time', () => {
    const open = program(`try { new SqliteFile(dir) } catch (error) { console.log(error.name, error.message) }`);
    const { stdout } = spawnSync(process.execPath, open, { encoding: 'utf8' });
    expect(stdout).toBe(`DataInUse ${new DataInUse(dir).message}\n`);
  });

  it('is free again, with all that was written, when the process that had it is killed', async () => {
    file.close();
    const child = await holder();
    expect(() => new SqliteFile(dir)).toThrow(DataInUse);
    child.kill('SIGKILL');
    await once(child, 'exit');
    file = new SqliteFile(dir);
    expect(numbers()).toEqual([7]);
  });
});
