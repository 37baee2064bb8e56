import type { Log } from '@countersign/contracts';
import { jitteredBackoffMs } from '@countersign/contracts/time';
import { MongoClient, type Collection as Documents, type Db } from 'mongodb';
import { setTimeout as delay } from 'node:timers/promises';
import { fieldName, indexOrder } from '../query.js';
import type { Collection, Database, Outbox, Store, StoredRecord } from '../store.js';
import { attempt } from './attempt.js';
import type { Document } from './documents.js';
import { committedAt, MongoCollection, sortKeys } from './mongodb-store.js';

export interface MongoOptions {
  uri: string;
  dbName: string;
  log: Pick<Log, 'warn'>;
}

/** Records in MongoDB: a server alone, a replica set or a sharded cluster. It connects, and reconnects, by itself. */
export class MongoDatabase implements Database {
  readonly #client: MongoClient;
  readonly #db: Db;
  readonly #log: MongoOptions['log'];
  readonly #closing = new AbortController();

  constructor({ uri, dbName, log }: MongoOptions) {
    this.#client = new MongoClient(uri, {
      appName: 'countersign',
      // An outage is an answer within seconds and not a request that hangs.
      serverSelectionTimeoutMS: 3_000,
      connectTimeoutMS: 3_000,
      heartbeatFrequencyMS: 3_000,
      waitQueueTimeoutMS: 3_000,
      socketTimeoutMS: 10_000,
      // What was acknowledged, and read for a decision, is not rolled back when a primary fails.
      readPreference: 'primary',
      readConcern: { level: 'majority' },
      writeConcern: { w: 'majority', journal: true },
      ignoreUndefined: true,
    });
    this.#db = this.#client.db(dbName);
    this.#log = log;
    void this.#connect();
  }

  collection<R extends StoredRecord>(collection: Collection<R>): { store: Store<R>; outbox: Outbox } {
    const documents = this.#db.collection<Document>(fieldName(collection.name));
    void this.#createIndexes(documents, collection);
    const records = new MongoCollection(documents, collection);
    return { store: records, outbox: records };
  }

  async ping(): Promise<void> {
    await attempt(() => this.#db.command({ ping: 1 }));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#client.close();
  }

  /**
   * The driver reconnects by itself once it was connected, but a first attempt that fails leaves it closed for good;
   * see `autoConnect` in the driver, which tries only while there is no topology.
   */
  async #connect(): Promise<void> {
    const { signal } = this.#closing;
    for (let retries = 0; !signal.aborted; retries++) {
      try {
        await this.#client.connect();
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn({ err: error }, 'cannot connect to MongoDB, retrying with backoff');
        await delay(jitteredBackoffMs(connecting, retries), undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  /** Lists work without their indexes, only slower; so this is not awaited. */
  async #createIndexes(documents: Documents<Document>, { name, key, indexes }: Collection<never>): Promise<void> {
    const { signal } = this.#closing;
    const lists = indexes.map((fields) => ({ key: new Map(sortKeys(key, indexOrder(key, fields))) }));
    const outbox = { key: { [committedAt]: 1 }, partialFilterExpression: { [committedAt]: { $gt: 0 } } };
    for (let retries = 0; !signal.aborted; retries++) {
      try {
        await documents.createIndexes([...lists, outbox]);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn({ err: error, collection: name }, 'cannot create indexes, retrying with backoff');
        await delay(jitteredBackoffMs(indexing, retries), undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }
}

const connecting = { first_ms: 500, longest_ms: 2_000 };
const indexing = { first_ms: 1_000, longest_ms: 30_000 };
