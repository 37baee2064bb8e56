import type { SqliteFile } from '@countersign/sqlite';
import type { AppendLog, AppendLogDefinition, Positioned } from './append-log.js';
import { fieldName } from '../query.js';
import { VersionConflict, type Query } from '../store.js';
import { attempt, columnOf, quoted } from '../sqlite/statements.js';
import { whereOf } from '../sqlite/where.js';

/** A log in the embedded file: a row each, whose key is its position. */
export class SqliteAppendLog<E extends Positioned> implements AppendLog<E> {
  readonly #file: SqliteFile;
  readonly #name: string;
  readonly #columns: readonly string[];

  constructor(file: SqliteFile, { name, indexes }: AppendLogDefinition<E>) {
    this.#file = file;
    this.#name = fieldName(name);
    this.#columns = [...new Set(indexes.flat().map(fieldName))];
    const columns = this.#columns.map((field) => `, ${quoted(field)}`).join('');
    file.exec(`CREATE TABLE IF NOT EXISTS ${this.#name} (position INTEGER PRIMARY KEY, data TEXT NOT NULL${columns})`);
    for (const fields of indexes) {
      const order = [...fields, 'position'].map(quoted).join(', ');
      file.exec(`CREATE INDEX IF NOT EXISTS ${[name, 'by', ...fields].join('_')} ON ${this.#name} (${order})`);
    }
  }

  append(entries: readonly E[]): Promise<void> {
    return attempt(() =>
      this.#file.write(() => {
        const columns = ['position', 'data', ...this.#columns.map(quoted)];
        const places = columns.map(() => '?').join(', ');
        const insert = this.#file.sql(
          `INSERT INTO ${this.#name} (${columns.join(', ')}) VALUES (${places}) ON CONFLICT DO NOTHING`,
        );
        for (const entry of entries) {
          const values = this.#columns.map((field) => columnOf(entry, field));
          if (insert.run(entry.position, JSON.stringify(entry), ...values).changes === 0)
            throw new VersionConflict(`${this.#name} has an entry at ${entry.position}`);
        }
      }),
    );
  }

  replace(entries: readonly E[]): Promise<void> {
    return attempt(() =>
      this.#file.write(() => {
        const changes = ['data', ...this.#columns.map(quoted)].map((column) => `${column} = ?`);
        const update = this.#file.sql(`UPDATE ${this.#name} SET ${changes.join(', ')} WHERE position = ?`);
        for (const entry of entries) {
          const values = this.#columns.map((field) => columnOf(entry, field));
          update.run(JSON.stringify(entry), ...values, entry.position);
        }
      }),
    );
  }

  length(): Promise<number> {
    return attempt(() => {
      const row = this.#file.sql(`SELECT max(position) AS last FROM ${this.#name}`).get();
      return ((row?.['last'] as number | null) ?? -1) + 1;
    });
  }

  find({ filter, sort, limit, skip = 0 }: Query<E>): Promise<E[]> {
    return attempt(() => {
      const where = whereOf(filter, (field) => this.#column(field));
      const direction = sort[0]?.[1] === 'desc' ? 'DESC' : 'ASC';
      return this.#file
        .sql(`SELECT data FROM ${this.#name} ${where.sql} ORDER BY position ${direction} LIMIT ? OFFSET ?`)
        .all(...where.values, limit, skip)
        .map((row) => JSON.parse(row['data'] as string) as E);
    });
  }

  #column(field: string): string {
    if (field === 'position') return field;
    return this.#columns.includes(field) ? quoted(field) : `json_extract(data, '$.${fieldName(field)}')`;
  }
}
