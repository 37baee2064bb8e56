import { MongoServerError, type Collection as Documents } from 'mongodb';
import type { AppendLog, AppendLogDefinition, Positioned } from '../../append-log/append-log.js';
import { VersionConflict, type Query } from '../../store.js';
import type { Attempt } from '../attempt.js';
import { decode, encodeFields } from '../documents.js';
import { whereOf } from '../mongodb-store.js';

/** An entry, named by its position: two of one position cannot be. */
export interface LogDocument {
  _id: number;
}

const duplicateKey = 11_000;
const maxTimeMS = 5_000;

/** A log in a collection of its own. What is inserted in order is there up to the first that is refused. */
export class MongoAppendLog<E extends Positioned> implements AppendLog<E> {
  constructor(
    private readonly documents: Documents<LogDocument>,
    private readonly definition: AppendLogDefinition<E>,
    private readonly attempt: Attempt,
  ) {}

  append(entries: readonly E[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    return this.attempt(async () => {
      try {
        await this.documents.insertMany(entries.map(documentOf), { ordered: true });
      } catch (error) {
        if (!(error instanceof MongoServerError) || error.code !== duplicateKey) throw error;
        throw new VersionConflict(`${this.definition.name} has an entry there already`, { cause: error });
      }
    });
  }

  replace(entries: readonly E[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    return this.attempt(async () => {
      const writes = entries.map(documentOf).map(({ _id, ...replacement }) => ({
        replaceOne: { filter: { _id }, replacement },
      }));
      await this.documents.bulkWrite(writes, { ordered: false });
    });
  }

  length(): Promise<number> {
    return this.attempt(async () => {
      const [last] = await this.documents.find({}, { sort: { _id: -1 }, limit: 1, projection: { _id: 1 } }).toArray();
      return (last?._id ?? -1) + 1;
    });
  }

  find({ filter, sort, limit, skip = 0 }: Query<E>): Promise<E[]> {
    return this.attempt(async () => {
      const direction = sort[0]?.[1] === 'desc' ? -1 : 1;
      const documents = await this.documents
        .find(whereOf('position', filter), { sort: { _id: direction }, limit, skip, batchSize: limit, maxTimeMS })
        .toArray();
      return documents.map(({ _id, ...fields }) => ({ position: _id, ...(decode(fields) as object) }) as E);
    });
  }
}

const documentOf = <E extends Positioned>({ position, ...fields }: E): LogDocument => ({
  _id: position,
  ...encodeFields(fields),
});
