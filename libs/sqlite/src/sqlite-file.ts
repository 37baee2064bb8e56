import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as setImmediately } from 'node:timers/promises';
import { backup, DatabaseSync, type StatementSync } from 'node:sqlite';
import { diskError } from './disk-full.js';

const fileName = 'countersign.sqlite';

/** Another process works on the same data. */
export class DataInUse extends Error {
  override name = 'DataInUse';
  constructor(dir: string) {
    super(`${dir} is in use by another process. Stop that one first, or set DATA_DIR to another directory.`);
  }
}

interface Write {
  run: () => unknown;
  onDisk: ((value: never) => void) | undefined;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/**
 * The one SQLite file behind the embedded log and the embedded store.
 *
 * The file is locked for as long as it is open, so one process works on it at a time; the operating system drops
 * the lock of a process that dies. What is written in one turn of the event loop is one transaction and costs one
 * flush to disk: see `docs/adr/0003-embedded-log-and-store.md`.
 */
export class SqliteFile {
  readonly #dir: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #queue: Write[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  /** @throws DataInUse, DiskFull */
  constructor(dir: string) {
    this.#dir = dir;
    const file = join(dir, fileName);
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      onlyForOwner(file);
      this.#db = new DatabaseSync(file);
    } catch (error) {
      throw this.#meaning(error);
    }
    const pages = walPages(dir);
    try {
      this.#db.exec(`
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA auto_vacuum = INCREMENTAL;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = ${pages};
        PRAGMA journal_size_limit = ${2 * pages * pageBytes};
        BEGIN EXCLUSIVE; COMMIT;
      `);
    } catch (error) {
      this.#db.close();
      if (isBusy(error)) throw new DataInUse(dir);
      throw this.#meaning(error);
    }
  }

  /** Runs statements that return nothing, such as `CREATE TABLE`. @throws DiskFull */
  exec(sql: string): void {
    try {
      this.#db.exec(sql);
    } catch (error) {
      throw this.#meaning(error);
    }
  }

  /** Writes as much as a record has. @throws DiskFull, or another reason why that cannot be done */
  async probe(): Promise<void> {
    await this.write(() => {
      this.exec('CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, data BLOB NOT NULL)');
      this.sql('INSERT OR REPLACE INTO probe (id, data) VALUES (1, zeroblob(16384))').run();
    });
  }

  /** The prepared statement for this text, prepared once. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) this.#statements.set(text, (statement = this.#db.prepare(text)));
    return statement;
  }

  /**
   * Runs `work` in a transaction together with the other writes of this turn, and resolves once it is on disk.
   * What it throws undoes its own statements alone. It may run twice: the others of the turn are undone with one that
   * fails, and run again.
   *
   * @param onDisk is called with the outcome before anything else can happen, in the order of the writes.
   */
  write<T>(work: () => T, onDisk?: (value: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ run: work, onDisk, resolve, reject });
      this.#scheduled ??= setImmediate(() => this.#flush());
    });
  }

  /**
   * Copies all of it into a directory, as it is at some moment of this call, while others write. What is copied is a file
   * like this one.
   *
   * @throws DiskFull, or another reason why it cannot be copied
   */
  async backup(to: string): Promise<void> {
    const file = join(to, fileName);
    try {
      onlyForOwner(file);
      await untilBegun(() => backup(this.#db, file));
    } catch (error) {
      throw diskError(error, to, () => statfsSync(to).bavail === 0);
    }
  }

  /**
   * Gives room that was removed from back to the disk, a part at a time so that others get their turn; a tenth stays for what comes.
   * A file of an earlier version, which cannot, is written anew once.
   */
  async shrink(): Promise<void> {
    const number = (pragma: string) => Number(Object.values(this.#db.prepare(`PRAGMA ${pragma}`).get()!)[0]);
    const surplus = () => number('freelist_count') - Math.ceil(number('page_count') / 10);
    if (surplus() <= 0) return;
    if (number('auto_vacuum') === 0) this.exec('VACUUM');
    for (let pages = surplus(); pages > 0; pages = surplus()) {
      this.exec(`PRAGMA incremental_vacuum(${Math.min(pages, pagesAtOnce)})`);
      await setImmediately();
      if (!this.#db.isOpen) return;
    }
    this.#shrinkLog();
  }

  close(): void {
    if (!this.#db.isOpen) return;
    clearImmediate(this.#scheduled);
    this.#flush();
    this.#statements.clear();
    this.#db.close();
  }

  #flush(): void {
    this.#scheduled = undefined;
    const writes = this.#queue;
    this.#queue = [];
    if (writes.length === 0) return;
    let outcomes: (() => void)[];
    try {
      outcomes = this.#together(writes) ?? this.#eachForItself(writes);
      this.sql('COMMIT').run();
    } catch (error) {
      this.#rollBack();
      const meaning = this.#meaning(error);
      if (meaning !== error) this.#shrinkLog();
      for (const write of writes) write.reject(meaning);
      return;
    }
    for (const tell of outcomes) tell();
  }

  /** Nearly always no write fails, and then none needs a savepoint. @returns undefined, and has done nothing, when one does */
  #together(writes: readonly Write[]): (() => void)[] | undefined {
    this.sql('BEGIN IMMEDIATE').run();
    try {
      return writes.map((write) => succeeded(write, write.run()));
    } catch {
      this.#rollBack();
      return undefined;
    }
  }

  #eachForItself(writes: readonly Write[]): (() => void)[] {
    this.sql('BEGIN IMMEDIATE').run();
    return writes.map((write) => this.#attempt(write));
  }

  #rollBack(): void {
    if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK');
  }

  /** What has been written more than once is in the write-ahead log as often; in the database it takes its room once. */
  #shrinkLog(): void {
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // The next write says whether there is room.
    }
  }

  #meaning(error: unknown): unknown {
    return diskError(error, this.#dir, () => statfsSync(this.#dir).bavail === 0);
  }

  #attempt(write: Write): () => void {
    this.sql('SAVEPOINT one').run();
    try {
      const value = write.run();
      this.sql('RELEASE one').run();
      return succeeded(write, value);
    } catch (error) {
      // A full disk ends the whole transaction, and this write has nothing left to undo.
      if (!this.#db.isTransaction) throw error;
      this.sql('ROLLBACK TO one').run();
      this.sql('RELEASE one').run();
      return () => write.reject(error);
    }
  }
}

const succeeded =
  ({ resolve, onDisk }: Write, value: unknown): (() => void) =>
  () => {
    resolve(value as never);
    onDisk?.(value as never);
  };

/** SQLite gives the files beside this one the same mode; those of an earlier life may have had another. */
function onlyForOwner(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  for (const each of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(each)) chmodSync(each, 0o600);
}

const pageBytes = 4_096;
/** Four megabytes, some milliseconds. */
const pagesAtOnce = 1_024;

/** Pages of the write-ahead log before they go into the database: 32 MB, and less on a small volume. */
function walPages(dir: string): number {
  const { blocks, bsize } = statfsSync(dir);
  return Math.min(8_192, Math.max(256, Math.floor((blocks * bsize) / 100 / pageBytes)));
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (error.errcode === 5 || error.errcode === 6);

const longestMs = 60_000;

/**
 * Where its first step meets a transaction, Node ends a backup with an error that SQLite knows nothing of; where a later
 * one does, it goes on. So it is begun again until it has begun.
 */
async function untilBegun(begin: () => Promise<unknown>): Promise<void> {
  for (const until = Date.now() + longestMs; ; await setImmediately()) {
    try {
      return void (await begin());
    } catch (error) {
      if ((error as { errcode?: number }).errcode !== 0 || Date.now() > until) throw error;
    }
  }
}
