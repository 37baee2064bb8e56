/** Owners that are remembered; one that is forgotten stands in the queue as if it had nothing in it. */
const mostOwners = 10_000;

/**
 * Ranks for a queue that several owners share (start-time fair queueing): each owner's next piece of work stands behind
 * its last, and no further back than behind what begins now, so that owners take turns however much each has waiting.
 * Kept in this process; ranks of several processes go together, since all begin from the same queue. A rank is of the
 * size of epoch milliseconds.
 */
export class FairQueue {
  #begun: number;
  readonly #last = new Map<string, number>();

  /** @param begun the lowest rank in the queue, or epoch milliseconds when it is empty */
  constructor(begun: number) {
    this.#begun = begun;
  }

  /** Where the owner's next piece of work stands. */
  rank(owner: string): number {
    const rank = Math.max(this.#begun, this.#last.get(owner) ?? 0) + 1;
    this.#last.delete(owner);
    this.#last.set(owner, rank);
    if (this.#last.size > mostOwners) this.#last.delete(this.#last.keys().next().value!);
    return rank;
  }

  /** Work of this rank begins: nothing that comes now stands before it. */
  begins(rank: number): void {
    this.#begun = Math.max(this.#begun, rank);
  }

  /** How many pieces of the owner's work stand in the queue, of those that were ranked here. */
  waiting(owner: string): number {
    return Math.max(0, (this.#last.get(owner) ?? 0) - this.#begun);
  }
}
