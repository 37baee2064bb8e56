import { jitteredBackoffMs, RetryableError, TerminalError, type Event, type Log } from '@countersign/contracts';
import { Binary, BSON, MongoClient, MongoServerError, type Collection as Documents, type Db } from 'mongodb';
import { setTimeout as delay } from 'node:timers/promises';
import { fieldName, indexOrder, totalOrder, type Order } from '../query.js';
import {
  recordOf,
  VersionConflict,
  type Collection,
  type Commit,
  type Condition,
  type Database,
  type Filter,
  type Outbox,
  type Query,
  type Store,
  type StoredRecord,
} from '../store.js';

export interface MongoOptions {
  uri: string;
  dbName: string;
  log: Pick<Log, 'warn'>;
}

/** A record's fields, and the events it has yet to tell the world: one write of one document stores both. */
interface Document {
  _id: string;
  outbox: { id: string; committed_at: number; event: unknown }[];
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
      // What was acknowledged, and what somebody decided on, is not undone when a primary fails.
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

  /** Lists work without their indexes, only slower; so nobody waits for this. */
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
const committedAt = 'outbox.committed_at';
const withoutInternals = { _id: 0, outbox: 0 } as const;
const duplicateKey = 11000;
const maxDocument = 16 * 1024 * 1024;

class MongoCollection<R extends StoredRecord> implements Store<R>, Outbox {
  readonly #documents: Documents<Document>;
  readonly #name: string;
  readonly #key: keyof R & string;

  constructor(documents: Documents<Document>, { name, key }: Collection<R>) {
    this.#documents = documents;
    this.#name = name;
    this.#key = key;
  }

  get(id: string): Promise<R | undefined> {
    return attempt(async () => {
      const document = await this.#documents.findOne({ _id: id }, { projection: withoutInternals });
      return document ? (decode(document) as R) : undefined;
    });
  }

  find({ filter, sort, limit, skip = 0 }: Query<R>): Promise<R[]> {
    return attempt(async () => {
      const order = sortKeys(this.#key, totalOrder(this.#key, sort));
      const documents = await this.#documents
        .find(this.#where(filter), { projection: withoutInternals, sort: order, limit, skip, batchSize: limit })
        .toArray();
      return documents.map((document) => decode(document) as R);
    });
  }

  count(filter: Filter<R>): Promise<number> {
    return attempt(() => this.#documents.countDocuments(this.#where(filter)));
  }

  /**
   * When the connection breaks after a commit was sent, nobody knows whether it was or will be stored. That is safe:
   * the version admits it once, a second attempt meets a VersionConflict, and the events wait in the outbox.
   */
  commit({ expected, state, events }: Commit<R>): Promise<Event[]> {
    return attempt(async () => {
      const { _id, outbox, ...fields } = this.#document(state, events);
      if (expected === 0) {
        await this.#insert({ _id, ...fields, outbox });
        return [...events];
      }
      const stored = await this.#documents.findOneAndUpdate(
        { _id, version: expected },
        { $set: fields, $push: { outbox: { $each: outbox } } },
        { projection: { _id: 0, outbox: 1 }, returnDocument: 'after' },
      );
      if (!stored) throw this.#conflict(_id, expected);
      return eventsIn(stored.outbox);
    });
  }

  /** The condition is asked twice: somebody may change what was found before it is removed. */
  remove(filter: Filter<R>, limit: number): Promise<number> {
    return attempt(async () => {
      const removable = { $and: [this.#where(filter), { outbox: { $size: 0 } }] };
      const found = await this.#documents
        .find(removable, { projection: { _id: 1 }, limit, batchSize: limit })
        .toArray();
      const listed = { _id: { $in: found.map(({ _id }) => _id) } };
      const { deletedCount } = await this.#documents.deleteMany({ $and: [listed, removable] });
      return deletedCount;
    });
  }

  unpublished({ before, limit }: { before: number; limit: number }): Promise<Event[]> {
    return attempt(async () => {
      const documents = await this.#documents
        .find(
          // The lower bound is the index's own condition, which a query must imply to be served by it.
          { [committedAt]: { $gt: 0, $lt: before } },
          { projection: { _id: 0, outbox: 1 }, sort: { [committedAt]: 1 }, limit, batchSize: limit },
        )
        .toArray();
      return documents.flatMap(({ outbox }) => eventsIn(outbox, before));
    });
  }

  async markPublished(events: readonly Event[]): Promise<void> {
    if (events.length === 0) return;
    const byRecord = Map.groupBy(events, (event) => recordOf(this.#name, event));
    const writes = [...byRecord].map(([_id, group]) => ({
      updateOne: { filter: { _id }, update: { $pull: { outbox: { id: { $in: group.map(({ id }) => id) } } } } },
    }));
    await attempt(() => this.#documents.bulkWrite(writes, { ordered: false }));
  }

  #document(state: R, events: readonly Event[]): Document {
    const committed_at = Date.now();
    try {
      const document: Document = {
        _id: state[this.#key] as string,
        ...(encode(state) as object),
        outbox: events.map((event) => ({ id: event.id, committed_at, event: encode(event) })),
      };
      // Checked here, since the server's own answer can also mean that the outbox is full for the moment.
      const size = BSON.calculateObjectSize(document, { ignoreUndefined: true });
      if (size <= maxDocument) return document;
      throw new TerminalError('not_storable', `${size} bytes are more than a document of MongoDB can hold`);
    } catch (error) {
      if (error instanceof TerminalError) throw error;
      throw new TerminalError('not_storable', 'cannot be stored in MongoDB', { cause: error });
    }
  }

  async #insert(document: Document): Promise<void> {
    try {
      await this.#documents.insertOne(document);
    } catch (error) {
      if (error instanceof MongoServerError && error.code === duplicateKey) throw this.#conflict(document._id, 0);
      throw error;
    }
  }

  #conflict(id: string, expected: number): VersionConflict {
    return new VersionConflict(`${this.#name}/${id} is not at version ${expected}`);
  }

  #where(filter: Filter<R>): Record<string, unknown> {
    const conditions = Object.entries<Condition | undefined>(filter).filter(([, condition]) => condition !== undefined);
    return Object.fromEntries(conditions.map(([field, condition]) => [pathOf(this.#key, field), matching(condition!)]));
  }
}

/** The key is the document's `_id`, which has an index of its own. */
const pathOf = (key: string, field: string): string => (field === key ? '_id' : fieldName(field));

const sortKeys = (key: string, order: Order): [path: string, direction: 1 | -1][] =>
  order.map(([field, direction]) => [pathOf(key, field), direction === 'desc' ? -1 : 1]);

function matching(condition: Condition): Record<string, unknown> {
  if (condition === null || typeof condition !== 'object') return { $eq: condition };
  if ('not' in condition) return { $ne: condition.not };
  return Object.fromEntries(
    Object.entries(condition).flatMap(([name, value]) => (value === undefined ? [] : [[`$${name}`, value]])),
  );
}

/** Ends at the first event that is too young, so that clocks that differ cannot make one overtake another. */
function eventsIn(outbox: Document['outbox'], before = Infinity): Event[] {
  const end = outbox.findIndex(({ committed_at }) => committed_at >= before);
  return outbox.slice(0, end < 0 ? outbox.length : end).map(({ event }) => decode(event) as Event);
}

const maxDepth = 32;
const plainKey = /^(?!\$|_bsontype$|__proto__$)[^.\0]+$/;

/**
 * JSON as BSON. MongoDB and its driver give a meaning to some keys that a model may well use as an argument's name
 * (`$set`, `a.b`, `_bsontype`), and they limit the depth; such an object is kept as the text of its JSON in a Binary,
 * which no JSON can be mistaken for.
 */
function encode(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : asText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === maxDepth) return asText(value);
  if (Array.isArray(value)) return value.map((item) => encode(item, depth + 1));
  const entries = Object.entries(value);
  if (!entries.every(([key]) => plainKey.test(key) && key.isWellFormed())) return asText(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, encode(item, depth + 1)]));
}

const asText = (value: unknown): Binary => new Binary(Buffer.from(JSON.stringify(value)), Binary.SUBTYPE_USER_DEFINED);

function decode(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Binary) return JSON.parse(Buffer.from(value.value()).toString());
  if (Array.isArray(value)) return value.map(decode);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
}

/** All that fails between here and the server's answer may work the next time; what cannot be sent is found before. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof VersionConflict || error instanceof TerminalError) throw error;
    if (error instanceof BSON.BSONError)
      throw new TerminalError('not_storable', `not for MongoDB: ${error.message}`, { cause: error });
    throw new RetryableError(`MongoDB: ${(error as Error).message}`, { cause: error });
  }
}
