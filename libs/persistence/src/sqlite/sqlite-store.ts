import type { Event } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import { systemClock, type EpochMillis } from '@countersign/contracts/time';
import type { SqliteFile } from '@countersign/sqlite';
import type { AppendLog, AppendLogDefinition, Positioned } from '../append-log/append-log.js';
import { published } from '../commands/diagnostics.js';
import { attempt, columnOf, quoted } from './statements.js';
import { SqliteAppendLog } from '../append-log/sqlite-append-log.js';
import { whereOf, type Where } from './where.js';
import { fieldName, indexOrder, totalOrder, type Order } from '../query.js';
import {
  recordOf,
  VersionConflict,
  type Collection,
  type Commit,
  type Database,
  type Filter,
  type Outbox,
  type Query,
  type Store,
  type StoredRecord,
} from '../store.js';

/**
 * A log in the same file: it takes events as part of a write that is under way, and returns what to call once that is
 * on disk. What it throws happens before it has written anything.
 */
export type PublishWithin = (events: readonly Event[]) => () => void;

/** Records in the embedded file, which belongs to whoever opened it: closing this database leaves the file open. */
export class SqliteDatabase implements Database {
  readonly #file: SqliteFile;
  readonly #publishWithin: PublishWithin | undefined;

  /** @param publishWithin spares the events of a commit the way through the outbox. */
  constructor(file: SqliteFile, publishWithin?: PublishWithin) {
    this.#file = file;
    this.#publishWithin = publishWithin;
    file.exec(`
      CREATE TABLE IF NOT EXISTS outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        collection TEXT NOT NULL,
        record TEXT NOT NULL,
        event_id TEXT NOT NULL,
        committed_at INTEGER NOT NULL,
        event TEXT NOT NULL
      );
      CREATE INDEX IF NOT EXISTS outbox_record ON outbox (collection, record);
    `);
  }

  collection<R extends StoredRecord>(collection: Collection<R>): { store: Store<R>; outbox: Outbox } {
    const records = new SqliteCollection(this.#file, collection, this.#publishWithin);
    return { store: records, outbox: records };
  }

  appendLog<E extends Positioned>(definition: AppendLogDefinition<E>): AppendLog<E> {
    return new SqliteAppendLog(this.#file, definition);
  }

  /** The file is on this machine. */
  async time(): Promise<EpochMillis> {
    return systemClock();
  }

  async ping(): Promise<void> {
    await attempt(() => this.#file.probe());
  }

  missingIndexes(): readonly string[] {
    return [];
  }

  async close(): Promise<void> {}
}

class SqliteCollection<R extends StoredRecord> implements Store<R>, Outbox {
  readonly #file: SqliteFile;
  readonly #name: string;
  readonly #key: keyof R & string;
  readonly #publishWithin: PublishWithin | undefined;
  /** The fields of the indexes, each beside the JSON, so that a write touches the indexes of what changed and no other. */
  readonly #columns: readonly string[];

  constructor(file: SqliteFile, { name, key, indexes }: Collection<R>, publishWithin?: PublishWithin) {
    this.#file = file;
    this.#publishWithin = publishWithin;
    this.#name = fieldName(name);
    this.#key = key;
    const orders = indexes.map((fields) => indexOrder(key, fields));
    this.#columns = [...new Set(orders.flat().map(([field]) => fieldName(field)))].filter((field) => field !== key);
    file.exec(
      `CREATE TABLE IF NOT EXISTS ${name} (key TEXT PRIMARY KEY, version INTEGER NOT NULL, data TEXT NOT NULL)`,
    );
    this.#addColumns();
    for (const [n, fields] of indexes.entries()) {
      const index = [name, 'by', ...fields].join('_').replaceAll('-', 'desc_');
      file.exec(`CREATE INDEX IF NOT EXISTS ${index} ON ${name} (${this.#ordered(orders[n]!)})`);
    }
  }

  /** An index that a later version declares finds its columns filled. */
  #addColumns(): void {
    const present = this.#file.sql(`SELECT name FROM pragma_table_info('${this.#name}')`).all();
    for (const field of this.#columns) {
      if (present.some(({ name }) => name === field)) continue;
      this.#file.exec(`
        ALTER TABLE ${this.#name} ADD COLUMN ${quoted(field)};
        UPDATE ${this.#name} SET ${quoted(field)} = json_extract(data, '$.${field}');`);
    }
  }

  get(id: string): Promise<R | undefined> {
    return attempt(() => {
      const row = this.#file.sql(`SELECT data FROM ${this.#name} WHERE key = ?`).get(id);
      return row && (JSON.parse(row['data'] as string) as R);
    });
  }

  find({ filter, sort, limit, skip = 0 }: Query<R>): Promise<R[]> {
    return attempt(() => {
      const where = this.#where(filter);
      const order = this.#ordered(totalOrder(this.#key, sort));
      return this.#file
        .sql(`SELECT data FROM ${this.#name} ${where.sql} ORDER BY ${order} LIMIT ? OFFSET ?`)
        .all(...where.values, limit, skip)
        .map((row) => JSON.parse(row['data'] as string) as R);
    });
  }

  count(filter: Filter<R>): Promise<number> {
    return attempt(() => {
      const where = this.#where(filter);
      const row = this.#file.sql(`SELECT count(*) AS n FROM ${this.#name} ${where.sql}`).get(...where.values);
      return row!['n'] as number;
    });
  }

  commit({ expected, state, events }: Commit<R>): Promise<Event[]> {
    return attempt(async () => {
      const id = state[this.#key] as string;
      const data = toJson(state);
      const { unpublished } = await this.#file.write(
        () => {
          const stored = expected === 0 ? this.#insert(id, state, data) : this.#update(id, state, data, expected);
          if (!stored) throw new VersionConflict(`${this.#name}/${id} is not at version ${expected}`);
          return this.#publishOrStore(id, events);
        },
        ({ announce }) => announce?.(),
      );
      return unpublished;
    });
  }

  remove(filter: Filter<R>, limit: number): Promise<number> {
    return attempt(() => {
      const where = this.#where(filter);
      const isPublished = `NOT EXISTS (SELECT 1 FROM outbox WHERE collection = ? AND record = ${this.#name}.key)`;
      const found = `SELECT key FROM ${this.#name} ${where.sql || 'WHERE true'} AND ${isPublished} LIMIT ?`;
      const remove = this.#file.sql(`DELETE FROM ${this.#name} WHERE key IN (${found})`);
      return this.#file.write(() => Number(remove.run(...where.values, this.#name, limit).changes));
    });
  }

  unpublished({ before, limit }: { before: EpochMillis; limit: number }): Promise<Event[]> {
    return attempt(() => {
      const records = new Set<string>();
      for (const row of this.#file
        .sql('SELECT record FROM outbox WHERE collection = ? AND committed_at < ? ORDER BY seq')
        .iterate(this.#name, before)) {
        records.add(row['record'] as string);
        if (records.size === limit) break;
      }
      return [...records].flatMap((id) => this.#unpublishedOf(id, before));
    });
  }

  async markPublished(events: readonly Event[]): Promise<void> {
    if (events.length === 0) return;
    await attempt(() =>
      this.#file.write(() => {
        const forget = this.#file.sql('DELETE FROM outbox WHERE collection = ? AND record = ? AND event_id = ?');
        for (const event of events) forget.run(this.#name, recordOf(this.#name, event), event.id);
      }),
    );
  }

  #insert(id: string, state: R, data: string): boolean {
    const columns = ['key', 'version', 'data', ...this.#columns.map(quoted)];
    const places = columns.map(() => '?').join(', ');
    const { changes } = this.#file
      .sql(`INSERT INTO ${this.#name} (${columns.join(', ')}) VALUES (${places}) ON CONFLICT DO NOTHING`)
      .run(id, state.version, data, ...this.#columns.map((field) => columnOf(state, field)));
    return changes > 0;
  }

  #update(id: string, state: R, data: string, expected: number): boolean {
    const before = this.#file
      .sql(`SELECT ${['version', ...this.#columns].map(quoted).join(', ')} FROM ${this.#name} WHERE key = ?`)
      .get(id);
    if (before?.['version'] !== expected) return false;
    const changed = this.#columns.filter((field) => before[field] !== columnOf(state, field));
    const set = ['version', 'data', ...changed].map((field) => `${quoted(field)} = ?`).join(', ');
    this.#file
      .sql(`UPDATE ${this.#name} SET ${set} WHERE key = ?`)
      .run(state.version, data, ...changed.map((field) => columnOf(state, field)), id);
    return true;
  }

  /** Puts events into the log that is in this file too, or else into the outbox, behind what is in there. */
  #publishOrStore(id: string, events: readonly Event[]): { unpublished: Event[]; announce?: () => void } {
    const older = this.#unpublishedOf(id);
    const announce = older.length === 0 && events.length > 0 && this.#publish(events);
    if (announce) return { unpublished: [], announce };
    const now = Date.now();
    for (const event of events) {
      this.#file
        .sql('INSERT INTO outbox (collection, record, event_id, committed_at, event) VALUES (?, ?, ?, ?, ?)')
        .run(this.#name, id, event.id, now, toJson(event));
    }
    return { unpublished: [...older, ...events] };
  }

  /** What the log will never take stays in the outbox, where a person finds it. */
  #publish(events: readonly Event[]): (() => void) | undefined {
    try {
      const announce = this.#publishWithin?.(events);
      return announce && (() => (announced(events), announce()));
    } catch (error) {
      if (error instanceof TerminalError) return undefined;
      throw error;
    }
  }

  /** Ends at the first event that is too young, so that a clock that was set back cannot make one overtake another. */
  #unpublishedOf(id: string, before = Infinity): Event[] {
    const rows = this.#file
      .sql('SELECT event, committed_at FROM outbox WHERE collection = ? AND record = ? ORDER BY seq')
      .all(this.#name, id);
    const end = rows.findIndex((row) => (row['committed_at'] as number) >= before);
    return rows.slice(0, end < 0 ? rows.length : end).map((row) => JSON.parse(row['event'] as string) as Event);
  }

  #column(field: string): string {
    if (field === this.#key) return 'key';
    return this.#columns.includes(field) ? quoted(field) : `json_extract(data, '$.${fieldName(field)}')`;
  }

  #ordered(order: Order): string {
    return order.map(([field, direction]) => this.#column(field) + (direction === 'desc' ? ' DESC' : '')).join(', ');
  }

  #where(filter: Filter<R>): Where {
    return whereOf(filter, (field) => this.#column(field));
  }
}

function announced(events: readonly Event[]): void {
  if (published.hasSubscribers) published.publish({ events });
}

function toJson(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new TerminalError('not_storable', 'cannot be stored as JSON', { cause: error });
  }
}
