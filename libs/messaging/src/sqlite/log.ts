import { RetryableError } from '@countersign/contracts/problems';
import type { SqliteFile } from '@countersign/sqlite';
import type { Delivery, HistoryOptions, LogHistory, Message } from '../bus.js';

/** The one partition of every topic. */
const partition = 0;

interface Row {
  offset: number;
  topic: string;
  key: string | null;
  headers: string;
  value: Uint8Array<ArrayBuffer> | null;
  timestamp: number;
}

/** The log of all topics as one table, in order of `offset`, and how far each group has come in each topic. */
export class SqliteLog {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
    file.exec(`
      CREATE TABLE IF NOT EXISTS log (
        offset INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL,
        key TEXT,
        headers TEXT NOT NULL,
        value BLOB,
        timestamp INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS positions (
        consumer_group TEXT NOT NULL,
        topic TEXT NOT NULL,
        offset INTEGER NOT NULL,
        PRIMARY KEY (consumer_group, topic)
      ) STRICT, WITHOUT ROWID;
    `);
  }

  /**
   * @param onDisk is called in the order of the log.
   * @throws RetryableError
   */
  async append(messages: readonly Message[], onDisk: (deliveries: readonly Delivery[]) => void): Promise<void> {
    try {
      await this.#file.write(() => this.insert(messages), onDisk);
    } catch (error) {
      throw new RetryableError(`cannot write to the log: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Appends as part of a write that is under way. */
  insert(messages: readonly Message[]): Delivery[] {
    const insert = this.#file.sql('INSERT INTO log (topic, key, headers, value, timestamp) VALUES (?, ?, ?, ?, ?)');
    const timestamp = Date.now();
    return messages.map(({ topic, key, headers, value }) => {
      const { lastInsertRowid } = insert.run(topic, key, JSON.stringify(headers), value, timestamp);
      return { topic, key, headers, value, partition, offset: String(lastInsertRowid), timestamp };
    });
  }

  /** What was appended after an offset to these topics, at most `limit` messages. */
  read(topics: readonly string[], after: number, limit: number): Delivery[] {
    const any = topics.map(() => '?').join();
    const select = this.#file.sql(`SELECT * FROM log WHERE offset > ? AND topic IN (${any}) ORDER BY offset LIMIT ?`);
    return (select.all(after, ...topics, limit) as unknown as Row[]).map(deliveryOf);
  }

  /** What was appended to these topics lately: of the last so many messages of the log those that are in them. */
  latest(topics: readonly string[], messages: number): Delivery[] {
    return this.read(topics, this.end - messages, messages);
  }

  /** The offset of the last message; 0 when there is none. */
  get end(): number {
    return (this.#file.sql('SELECT ifnull(max(offset), 0) AS "end" FROM log').get() as { end: number }).end;
  }

  /** The offset up to which the group has handled a topic; 0 when it never read it. */
  position(group: string, topic: string): number {
    const select = this.#file.sql('SELECT offset FROM positions WHERE consumer_group = ? AND topic = ?');
    return (select.get(group, topic) as { offset: number } | undefined)?.offset ?? 0;
  }

  store(group: string, positions: ReadonlyMap<string, number>): Promise<void> {
    const upsert = this.#file.sql(`
      INSERT INTO positions (consumer_group, topic, offset) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET offset = excluded.offset`);
    return this.#file.write(() => {
      for (const [topic, offset] of positions) upsert.run(group, topic, offset);
    });
  }

  /** @see Bus.history */
  history({ topics, since, group, groupTopics }: HistoryOptions): LogHistory {
    const any = (some: readonly string[]) => some.map(() => '?').join();
    const last = this.#file
      .sql(`SELECT timestamp FROM log WHERE topic IN (${any(topics)}) ORDER BY offset DESC LIMIT 1`)
      .get(...topics) as { timestamp: number } | undefined;
    const handled = this.#file
      .sql(`SELECT 1 FROM positions WHERE consumer_group = ? AND offset > 0 AND topic IN (${any(groupTopics)}) LIMIT 1`)
      .get(group, ...groupTopics);
    return {
      written: last !== undefined,
      writtenSince: last !== undefined && last.timestamp >= since,
      handled: handled !== undefined,
    };
  }

  /** How many messages of a topic were appended after an offset. */
  countAfter(topic: string, offset: number): number {
    const count = this.#file.sql('SELECT count(*) AS n FROM log WHERE offset > ? AND topic = ?');
    return (count.get(offset, topic) as { n: number }).n;
  }

  /** @throws when the file cannot be read */
  ping(): void {
    this.#file.sql('SELECT 1').get();
  }
}

const deliveryOf = ({ topic, key, headers, value, offset, timestamp }: Row): Delivery => ({
  topic,
  key,
  headers: JSON.parse(headers) as Record<string, string>,
  value: value && Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  partition,
  offset: String(offset),
  timestamp,
});
