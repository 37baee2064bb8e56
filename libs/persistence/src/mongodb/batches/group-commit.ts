import { RetryableError } from '@countersign/contracts/problems';
import { MongoBulkWriteError, MongoServerError, ObjectId, type Collection as Documents } from 'mongodb';
import { Batches } from '../../batches.js';
import type { Document } from '../documents.js';

/** Writes a document that is not there yet. */
export interface Insert {
  document: Document;
}

/** Writes a document over one that is at the version that is expected. */
export interface Update extends Insert {
  expected: number;
  /** Whether its events are put behind those in the outbox, and not in their place. */
  keepsOutbox: boolean;
}

type Waiting<W> = W & PromiseWithResolvers<boolean>;

const duplicateKey = 11000;
/** Ids of commits that a document keeps: nobody gets further in the time between an answer and the read that follows. */
const idsKept = 16;

/**
 * Sends what is committed in one turn of the event loop, or while two commands are under way, as one command. Each
 * write is a compare-and-set of one document still, and of all that expect the same version one succeeds. The server
 * says only how many did; when not all did, each is identified by the id that it leaves in its document.
 */
export class GroupCommit {
  readonly #documents: Documents<Document>;
  readonly #batches = new Batches<Waiting<Insert | Update>>((writes) => this.#send(writes));

  constructor(documents: Documents<Document>) {
    this.#documents = documents;
  }

  /**
   * @returns false when the document is at another version.
   * @throws what the driver does, of each write for itself where the server says so
   */
  write(write: Insert | Update): Promise<boolean> {
    const settled = Promise.withResolvers<boolean>();
    this.#batches.add({ ...write, ...settled });
    return settled.promise;
  }

  async #send(writes: readonly Waiting<Insert | Update>[]): Promise<void> {
    const updates = writes.filter((write) => 'expected' in write);
    const inserts = writes.filter((write) => !('expected' in write));
    await Promise.all([settling(inserts, () => this.#insert(inserts)), settling(updates, () => this.#update(updates))]);
  }

  async #insert(writes: readonly Waiting<Insert>[]): Promise<void> {
    const documents = writes.map(({ document }) => document);
    const failures = await failuresOf(() =>
      documents.length === 1
        ? this.#documents.insertOne(documents[0]!)
        : this.#documents.insertMany(documents, { ordered: false }),
    );
    for (const [n, { resolve, reject }] of writes.entries()) {
      const failure = failures.get(n);
      if (failure === undefined) resolve(true);
      else if (failure.code === duplicateKey) resolve(false);
      else reject(failure);
    }
  }

  async #update(writes: readonly Waiting<Update>[]): Promise<void> {
    if (writes.length === 1) {
      const { filter, update } = commandOf(writes[0]!);
      const { matchedCount } = await this.#documents.updateOne(filter, update);
      return writes[0]!.resolve(matchedCount === 1);
    }
    const marked = writes.map((write) => ({ ...write, mark: new ObjectId() }));
    let stored = 0;
    const failures = await failuresOf(async () => {
      const operations = marked.map((write) => ({ updateOne: commandOf(write) }));
      stored = (await this.#documents.bulkWrite(operations, { ordered: false })).matchedCount;
    });
    if (failures.size > 0) stored = -1;
    const others = marked.filter((_, n) => !failures.has(n));
    for (const [n, failure] of failures) marked[n]!.reject(failure);
    if (stored === others.length) for (const { resolve } of others) resolve(true);
    else await this.#tellEach(others);
  }

  async #tellEach(writes: readonly (Waiting<Update> & { mark: ObjectId })[]): Promise<void> {
    const ids = writes.map(({ document }) => document._id);
    const found = await this.#documents
      .find({ _id: { $in: ids } }, { projection: { version: 1, commit_ids: 1 } })
      .toArray();
    const byId = new Map(found.map((each) => [each._id, each]));
    for (const { document, expected, mark, resolve, reject } of writes) {
      const { version = 0, commit_ids = [] } = byId.get(document._id) ?? {};
      if (commit_ids.some((id) => id.equals(mark))) resolve(true);
      else if (version <= expected + idsKept) resolve(false);
      else reject(new RetryableError('the document was changed too often since; whether this was stored is unknown'));
    }
  }
}

/** The compare-and-set of one document. */
export function commandOf({ document, expected, keepsOutbox, mark }: Update & { mark?: ObjectId }) {
  const { _id, outbox, outbox_since, ...fields } = document;
  const isEmpty = outbox_since === undefined;
  const pushed = {
    ...(keepsOutbox && !isEmpty && { outbox: { $each: outbox } }),
    ...(mark && { commit_ids: { $each: [mark], $slice: -idsKept } }),
  };
  const unset = {
    ...(!keepsOutbox && isEmpty && { outbox_since: '' as const }),
    ...(!document.list_parts && { list_parts: '' as const }),
  };
  const update = {
    $set: { ...fields, ...(!keepsOutbox && { outbox, ...(!isEmpty && { outbox_since }) }) },
    ...(keepsOutbox && !isEmpty && { $min: { outbox_since } }),
    ...(Object.keys(unset).length > 0 && { $unset: unset }),
    ...(Object.keys(pushed).length > 0 && { $push: pushed }),
  };
  return { filter: { _id, version: expected }, update };
}

/**
 * What the server refuses of single writes. The driver makes an error of a bulk of any failure, such as of a connection
 * that broke, also when no write of it was answered: one that names no write is about all of them.
 *
 * @returns by the place of the write. @throws what concerns them all
 */
async function failuresOf(send: () => Promise<unknown>): Promise<Map<number, { code?: number | string | undefined }>> {
  try {
    await send();
    return new Map();
  } catch (error) {
    const single = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
    if (error instanceof MongoBulkWriteError && single.length > 0 && !error.result.getWriteConcernError())
      return new Map(single.map((each) => [each.index, each]));
    if (error instanceof MongoServerError && error.code === duplicateKey) return new Map([[0, error]]);
    throw error;
  }
}

async function settling(writes: readonly Waiting<Insert>[], send: () => Promise<void>): Promise<void> {
  if (writes.length === 0) return;
  try {
    await send();
  } catch (error) {
    for (const { reject } of writes) reject(error);
  }
}
