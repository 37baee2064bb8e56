import { RetryableError } from '@countersign/contracts/problems';
import { atMillis, systemClock, type Clock, type EpochMillis } from '@countersign/contracts/time';
import { MongoServerError } from 'mongodb';
import { fieldName } from '../query.js';
import type { AppendLog, AppendLogDefinition, Positioned } from '../append-log/append-log.js';
import type { Collection, Database, Outbox, Store, StoredRecord } from '../store.js';
import { Connection, type ConnectionOptions } from './connection.js';
import type { Document } from './documents.js';
import { Indexes } from './indexes.js';
import { MongoAppendLog, type LogDocument } from './append-log/mongodb-append-log.js';
import { MongoCollection } from './mongodb-store.js';
import { Parts, type Part } from './parts.js';

const commandNotFound = 59;

export interface MongoOptions extends ConnectionOptions {
  /** Milliseconds after which an index build in progress is logged. */
  slowIndexMs?: number;
  /** By which commits are dated; default: the clock of this machine. */
  now?: Clock;
}

/** Read and written to find out whether both can be done; it holds no documents. */
const probes = 'probes';

/** Records in MongoDB: a server alone, a replica set or a sharded cluster. It connects, and reconnects, by itself. */
export class MongoDatabase implements Database {
  readonly #connection: Connection;
  readonly #indexes: Indexes;
  readonly #now: Clock;

  constructor({ slowIndexMs = 5_000, now = systemClock, ...options }: MongoOptions) {
    this.#now = now;
    this.#connection = new Connection(options);
    this.#indexes = new Indexes(this.#connection, options.log, slowIndexMs);
  }

  collection<R extends StoredRecord>(collection: Collection<R>): { store: Store<R>; outbox: Outbox } {
    const documents = this.#connection.db.collection<Document>(fieldName(collection.name));
    const parts = new Parts(this.#connection.db.collection<Part>(`${collection.name}_parts`));
    void this.#indexes.create(documents, collection);
    const records = new MongoCollection(documents, parts, collection, this.#connection.attempt, this.#now);
    return { store: records, outbox: records };
  }

  appendLog<E extends Positioned>(definition: AppendLogDefinition<E>): AppendLog<E> {
    const documents = this.#connection.db.collection<LogDocument>(fieldName(definition.name));
    void this.#indexes.createFor(documents, definition);
    return new MongoAppendLog(documents, definition, this.#connection.attempt);
  }

  /** As the server says it that takes the writes. */
  async time(): Promise<EpochMillis> {
    const { localTime } = await this.#connection.attempt(() => this.#hello());
    if (!(localTime instanceof Date)) throw new RetryableError('MongoDB does not tell its time');
    return atMillis(localTime.getTime());
  }

  /** Servers that speak the protocol of before MongoDB 5 know it by its former name. */
  #hello(): Promise<{ localTime?: unknown }> {
    const { db } = this.#connection;
    return db.command({ hello: 1 }).catch((error: unknown) => {
      if (error instanceof MongoServerError && error.code === commandNotFound) return db.command({ isMaster: 1 });
      throw error;
    });
  }

  /** A server says to anybody that it is there, so what a service does is tried: to read, and a write that matches nothing. */
  async ping(): Promise<void> {
    const documents = this.#connection.db.collection<{ _id: string }>(probes);
    await this.#connection.attempt(async () => {
      await documents.findOne({ _id: 'probe' });
      await documents.updateOne({ _id: 'probe' }, { $set: { tried: true } });
    });
  }

  missingIndexes(): readonly string[] {
    return this.#indexes.missing;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
