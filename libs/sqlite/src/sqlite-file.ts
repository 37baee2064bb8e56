import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

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
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #queue: Write[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  /** @throws DataInUse */
  constructor(dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const file = join(dir, 'countersign.sqlite');
    onlyForOwner(file);
    this.#db = new DatabaseSync(file);
    try {
      this.#db.exec(`
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 8192;
        PRAGMA journal_size_limit = 67108864;
        BEGIN EXCLUSIVE; COMMIT;
      `);
    } catch (error) {
      this.#db.close();
      if (isBusy(error)) throw new DataInUse(dir);
      throw error;
    }
  }

  /** Runs statements that return nothing, such as `CREATE TABLE`. */
  exec(sql: string): void {
    this.#db.exec(sql);
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
      for (const write of writes) write.reject(error);
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

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (error.errcode === 5 || error.errcode === 6);
