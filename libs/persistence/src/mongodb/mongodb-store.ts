import { setTimeout as delay } from 'node:timers/promises';
import { RetryableError } from '@countersign/contracts/problems';
import type { Clock, EpochMillis } from '@countersign/contracts/time';
import type { Event } from '@countersign/contracts';
import type { AnyBulkWriteOperation, Collection as Documents } from 'mongodb';
import { fieldName, totalOrder, type Order } from '../query.js';
import {
  recordOf,
  VersionConflict,
  type Collection,
  type Commit,
  type Condition,
  type Filter,
  type Outbox,
  type Query,
  type Store,
  type StoredRecord,
} from '../store.js';
import { codeOf, type Attempt } from './attempt.js';
import { decode, documentOf, eventsIn, withoutInternals, type Document } from './documents.js';
import { commandOf, GroupCommit } from './batches/group-commit.js';
import { GroupRead } from './batches/group-read.js';
import type { Parts } from './parts.js';
import { KnownOutboxes, type KnownOutbox } from './known-outboxes.js';

/** Published events are taken out of their outboxes this late: most are overwritten before that. */
const clearAfterMs = 100;

/**
 * Of a record whose outbox is empty. Two processes that take out the last events at once leave the time, which the next
 * sweep takes away.
 */
const isEmpty = { $unset: { outbox_since: '' } } as const;

/** An outbox with no other events than these. */
const onlyOf = (events: readonly string[]) => ({ $not: { $elemMatch: { id: { $nin: events } } } });

/** The document, by what was sent or by what would come of it. */
const isTooLarge = (error: unknown): boolean => codeOf(error) === 10334 || codeOf(error) === 17419;

/** How long the server works on a list or a count. */
const maxTimeMS = 5_000;

export class MongoCollection<R extends StoredRecord> implements Store<R>, Outbox {
  readonly #documents: Documents<Document>;
  readonly #name: string;
  readonly #key: keyof R & string;
  readonly #parts: Parts;
  readonly #group: GroupCommit;
  readonly #reads: GroupRead;
  readonly #attempt: Attempt;
  readonly #now: Clock;
  readonly #outboxes = new KnownOutboxes();
  /** Events that were published and are in their records' outboxes yet. */
  #due = new Map<string, string[]>();
  #clearing: Promise<void> | undefined;

  constructor(
    documents: Documents<Document>,
    parts: Parts,
    { name, key }: Collection<R>,
    attempt: Attempt,
    now: Clock,
  ) {
    this.#now = now;
    this.#documents = documents;
    this.#parts = parts;
    this.#attempt = attempt;
    this.#name = name;
    this.#key = key;
    this.#group = new GroupCommit(documents);
    this.#reads = new GroupRead(documents);
  }

  get(id: string): Promise<R | undefined> {
    return this.#attempt(async () => {
      const document = await this.#reads.get(id);
      return document ? this.#recordOf(document) : undefined;
    });
  }

  find({ filter, sort, limit, skip = 0 }: Query<R>): Promise<R[]> {
    return this.#attempt(async () => {
      const order = sortKeys(this.#key, totalOrder(this.#key, sort));
      const documents = await this.#documents
        .find(this.#where(filter), {
          projection: withoutInternals,
          sort: order,
          limit,
          skip,
          batchSize: limit,
          maxTimeMS,
        })
        .toArray();
      return Promise.all(documents.map((document) => this.#recordOf(document)));
    });
  }

  async count(filter: Filter<R>): Promise<number> {
    const where = this.#where(filter);
    // Without a hint an empty filter reads every document.
    const hint = Object.keys(where).length === 0 && { hint: '_id_' };
    return this.#attempt(() => this.#documents.countDocuments(where, { maxTimeMS, ...hint }));
  }

  /**
   * When the connection breaks after a commit was sent, it is unknown whether it was or will be stored. That is safe:
   * the version admits it once, a second attempt meets a VersionConflict, and the events wait in the outbox.
   */
  async commit({ expected, state, events }: Commit<R>): Promise<Event[]> {
    const { document, texts } = documentOf(state[this.#key] as string, state, events, this.#now());
    const { _id } = document;
    return this.#attempt(async () => {
      if (texts.size > 0) await this.#parts.store(_id, texts);
      const known = this.#outboxes.at(_id, expected);
      const isOverwritten = known?.pending.size === 0;
      try {
        const unpublished = known
          ? await this.#commitOver(known, document, events)
          : await this.#commitAfterAnother(document, expected);
        this.#outboxes.keep(_id, state.version, unpublished);
        return unpublished;
      } catch (error) {
        this.#outboxes.forget(_id);
        // Its state and its own events were found to fit, so there is room once the events before them are published.
        if (isTooLarge(error) && !isOverwritten) throw new RetryableError('the outbox is full', { cause: error });
        throw error;
      }
    });
  }

  async #commitOver({ version, pending }: KnownOutbox, document: Document, events: readonly Event[]): Promise<Event[]> {
    const keepsOutbox = pending.size > 0;
    const write = version === 0 ? { document } : { document, expected: version, keepsOutbox };
    if (!(await this.#group.write(write))) throw this.#conflict(document._id, version);
    if (!keepsOutbox) this.#due.delete(document._id);
    return [...pending.values(), ...events];
  }

  /** Another process wrote the record last, or this one too long ago: what is in its outbox has to be read. */
  async #commitAfterAnother(document: Document, expected: number): Promise<Event[]> {
    const { _id } = document;
    const { filter, update } = commandOf({ document, expected, keepsOutbox: true });
    const stored = await this.#documents.findOneAndUpdate(filter, update, {
      projection: { _id: 0, outbox: 1 },
      returnDocument: 'after',
    });
    if (!stored) throw this.#conflict(_id, expected);
    return eventsIn(stored.outbox);
  }

  #conflict(id: string, expected: number): VersionConflict {
    return new VersionConflict(`${this.#name}/${id} is not at version ${expected}`);
  }

  /** The condition is checked twice: a record may change between find and remove. */
  remove(filter: Filter<R>, limit: number): Promise<number> {
    return this.#attempt(async () => {
      const removable = { $and: [this.#where(filter), { outbox: { $size: 0 } }] };
      const found = await this.#documents
        .find(removable, { projection: { _id: 1, list_parts: 1 }, limit, batchSize: limit })
        .toArray();
      const listed = { _id: { $in: found.map(({ _id }) => _id) } };
      const { deletedCount } = await this.#documents.deleteMany({ $and: [listed, removable] });
      await this.#removeParts(found.flatMap(({ _id, list_parts }) => (list_parts ? [_id] : [])));
      return deletedCount;
    });
  }

  async #removeParts(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const left = await this.#documents.find({ _id: { $in: [...ids] } }, { projection: { _id: 1 } }).toArray();
    const stay = new Set(left.map(({ _id }) => _id));
    for (const id of ids) if (!stay.has(id)) await this.#parts.remove(id);
  }

  async #recordOf({ list_parts, ...document }: Partial<Document>): Promise<R> {
    const state = decode(document) as Record<string, unknown>;
    return (list_parts ? await this.#parts.join(state[this.#key] as string, state, list_parts) : state) as unknown as R;
  }

  unpublished({ before, limit }: { before: EpochMillis; limit: number }): Promise<Event[]> {
    return this.#attempt(async () => {
      const documents = await this.#documents
        .find(
          // The lower bound is the index's own condition, which a query must imply to be served by it.
          { outbox_since: { $gt: 0, $lt: before } },
          { projection: { outbox: 1 }, sort: { outbox_since: 1 }, limit, batchSize: limit },
        )
        .toArray();
      const empty = documents.flatMap(({ _id, outbox }) => (outbox.length === 0 ? [_id] : []));
      if (empty.length > 0) await this.#documents.updateMany({ _id: { $in: empty }, outbox: { $size: 0 } }, isEmpty);
      return documents.flatMap(({ outbox }) => eventsIn(outbox, before));
    });
  }

  /** Resolves once they are gone, which a later commit of the record sees to as well. */
  async markPublished(events: readonly Event[]): Promise<void> {
    for (const event of events) {
      const id = recordOf(this.#name, event);
      this.#outboxes.published(id, event.id);
      this.#due.set(id, [...(this.#due.get(id) ?? []), event.id]);
    }
    if (this.#due.size > 0) await (this.#clearing ??= this.#clear());
  }

  async #clear(): Promise<void> {
    await delay(clearAfterMs);
    this.#clearing = undefined;
    const due = [...this.#due];
    this.#due = new Map();
    if (due.length === 0) return;
    const updates = (update: (id: string, events: string[]) => AnyBulkWriteOperation<Document>) =>
      this.#documents.bulkWrite(
        due.map(([id, events]) => update(id, events)),
        { ordered: false },
      );
    await this.#attempt(async () => {
      const { matchedCount } = await updates((_id, events) => ({
        updateOne: { filter: { _id, outbox: onlyOf(events) }, update: { $set: { outbox: [] }, ...isEmpty } },
      }));
      if (matchedCount === due.length) return;
      await updates((_id, events) => ({
        updateOne: { filter: { _id }, update: { $pull: { outbox: { id: { $in: events } } } } },
      }));
    });
  }

  #where(filter: Filter<R>): Record<string, unknown> {
    return whereOf(this.#key, filter);
  }
}

export function whereOf<R>(key: string, filter: Filter<R>): Record<string, unknown> {
  const conditions = Object.entries<Condition | undefined>(filter).filter(([, condition]) => condition !== undefined);
  return Object.fromEntries(conditions.map(([field, condition]) => [pathOf(key, field), matching(condition!)]));
}

/** The key is the document's `_id`, which has an index of its own. */
const pathOf = (key: string, field: string): string => (field === key ? '_id' : fieldName(field));

export const sortKeys = (key: string, order: Order): [path: string, direction: 1 | -1][] =>
  order.map(([field, direction]) => [pathOf(key, field), direction === 'desc' ? -1 : 1]);

function matching(condition: Condition): Record<string, unknown> {
  if (condition === null || typeof condition !== 'object') return { $eq: condition };
  if ('not' in condition) return { $ne: condition.not };
  return Object.fromEntries(
    Object.entries(condition).flatMap(([name, value]) => (value === undefined ? [] : [[`$${name}`, value]])),
  );
}
