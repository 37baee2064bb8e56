import type { Collection as Documents } from 'mongodb';
import { Batches } from '../../batches.js';
import { withoutInternals, type Document } from '../documents.js';

type Found = Partial<Document> | undefined;
type Waiting = PromiseWithResolvers<Found> & { id: string };

/** Ids of one command. */
const most = 100;

/** Reads documents by their ids; what is requested in one turn of the event loop, or while two reads are under way, is one command. */
export class GroupRead {
  readonly #documents: Documents<Document>;
  readonly #batches = new Batches<Waiting>((reads) => this.#read(reads), most);

  constructor(documents: Documents<Document>) {
    this.#documents = documents;
  }

  /** As it is stored when this is called, or later. @throws what the driver does */
  get(id: string): Promise<Found> {
    const found = Promise.withResolvers<Found>();
    this.#batches.add({ id, ...found });
    return found.promise;
  }

  async #read(reads: readonly Waiting[]): Promise<void> {
    try {
      const found = await this.#find([...new Set(reads.map(({ id }) => id))]);
      for (const { id, resolve } of reads) resolve(found.get(id));
    } catch (error) {
      for (const { reject } of reads) reject(error);
    }
  }

  async #find(ids: readonly string[]): Promise<Map<string, Found>> {
    const projection = withoutInternals;
    if (ids.length === 1) {
      const document = await this.#documents.findOne({ _id: ids[0]! }, { projection });
      return new Map(document ? [[ids[0]!, document]] : []);
    }
    const { _id: _, ...internals } = projection;
    const options = { projection: internals, limit: ids.length, batchSize: ids.length };
    const documents = await this.#documents.find({ _id: { $in: [...ids] } }, options).toArray();
    return new Map(documents.map(({ _id, ...document }) => [_id, document]));
  }
}
