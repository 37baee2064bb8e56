import { Batches } from '../batches.js';
import type { Filter, Store, StoredRecord } from '../store.js';

/** Values of one query. */
const most = 50;

/**
 * The records whose field has a value, such as those of a run: what is asked for in one turn of the event loop, or while
 * two queries are under way, is one query.
 */
export class Belongings<R extends StoredRecord> {
  readonly #batches: Batches<PromiseWithResolvers<R[]> & { value: string }>;

  /** @param limit of the records of one value; beyond it the first ones by their key. */
  constructor(
    private readonly store: Pick<Store<R>, 'find'>,
    private readonly field: keyof R & string,
    private readonly limit: number,
  ) {
    this.#batches = new Batches((asked) => this.#find(asked), most);
  }

  /** As they are stored when this is called, or later. @throws what the store does */
  of(value: string): Promise<R[]> {
    const found = Promise.withResolvers<R[]>();
    this.#batches.add({ value, ...found });
    return found.promise;
  }

  async #find(asked: readonly (PromiseWithResolvers<R[]> & { value: string })[]): Promise<void> {
    const values = [...new Set(asked.map(({ value }) => value))];
    try {
      const all = await this.#with(values.length === 1 ? values[0]! : { in: values });
      // One of them may have them all.
      if (all.length < this.limit || values.length === 1) {
        const byValue = Map.groupBy(all, (record) => record[this.field]);
        for (const { value, resolve } of asked) resolve((byValue.get(value as never) ?? []) as R[]);
      } else for (const { value, resolve, reject } of asked) this.#with(value).then(resolve, reject);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  #with(condition: string | { in: string[] }): Promise<R[]> {
    return this.store.find({ filter: { [this.field]: condition } as Filter<R>, sort: [], limit: this.limit });
  }
}
