import type { Filter, Store, StoredRecord } from '../store.js';
import { Spread } from './spread.js';

/** Who has more due than there are places takes turns with the others, by the field that names the owner. */
export type OwnerField<R> = { [K in keyof R & string]: R[K] extends string ? K : never }[keyof R & string];

/** How many places an owner's work holds here. */
export type Held = (owner: string) => number;

/**
 * Goes round among the owners of what is due. Nothing about it is stored with the records: whoever comes, or has work that
 * is due once more, has a turn within one round, however much others have waiting and since when. Each process goes
 * round by itself.
 */
export class Turns<R extends StoredRecord> {
  /** Whose turn it was. */
  #last = '';

  constructor(
    private readonly store: Pick<Store<R>, 'find'>,
    private readonly owner: OwnerField<R>,
    private readonly spread: Spread = new Spread(),
  ) {}

  /**
   * Whose turn it is, and of each the record that has been due for longest, or one of those while claims are lost. Needs an index of the fields of the filter with
   * the owner and `due_at` after them; it takes two short looks into it, and one more for each owner with much.
   */
  async next(filter: Filter<R>, permits: number, held: Held): Promise<R[]> {
    const waiting = await this.#around(filter, permits, held);
    const inOrder = new Map([...waiting].map(([owner, records]) => [owner, this.spread.order(records)]));
    const next = shareOut(inOrder, permits, held);
    this.#last = (next.at(-1)?.[this.owner] as string | undefined) ?? this.#last;
    return next;
  }

  /** Due records by owner, from who is next, until there are owners enough that have no place yet. */
  async #around(filter: Filter<R>, permits: number, held: Held): Promise<Map<string, R[]>> {
    const waiting = new Map<string, R[]>();
    const isEnough = () => [...waiting.keys()].filter((owner) => held(owner) === 0).length >= permits;
    const last = this.#last;
    const limit = this.spread.reach(permits);
    for (const end of [undefined, last]) {
      let after = end === undefined ? last : undefined;
      while (after !== end && !isEnough()) {
        const bounds = { ...(after !== undefined && { gt: after }), ...(end !== undefined && { lte: end }) };
        const found = await this.#find({ ...filter, [this.owner]: bounds }, limit);
        for (const record of found) {
          const owner = record[this.owner] as string;
          waiting.set(owner, [...(waiting.get(owner) ?? []), record]);
        }
        if (found.length < limit) break;
        after = found.at(-1)![this.owner] as string;
      }
    }
    return waiting;
  }

  #find(filter: Filter<R>, limit: number): Promise<R[]> {
    const sort = [
      [this.owner, 'asc'],
      ['due_at', 'asc'],
    ] as const;
    return this.store.find({ filter, sort, limit });
  }
}

/** Each place goes to the owner that has the fewest then; of several, to the first. */
export function shareOut<T>(waiting: ReadonlyMap<string, readonly T[]>, permits: number, held: Held): T[] {
  const owners = [...waiting].map(([owner, records]) => ({ records, assigned: 0, has: held(owner) }));
  const out: T[] = [];
  while (out.length < permits) {
    const some = owners.filter(({ records, assigned }) => assigned < records.length);
    if (some.length === 0) break;
    const next = some.reduce((least, each) => (each.has < least.has ? each : least));
    out.push(next.records[next.assigned]!);
    next.assigned += 1;
    next.has += 1;
  }
  return out;
}
