const widest = 16;
/** Nobody reads more than this to find work, unless it has as many places free. */
const mostRead = 64;

/**
 * How far down a queue an instance looks for its next piece of work. All that have a place free would reach for the head of
 * the queue, and all but one lose that claim. So the more claims are lost, the more of the queue each takes its next one from, by
 * chance; while none is lost, what has been due for longest comes first.
 */
export class Spread {
  #width = 1;

  constructor(private readonly random: () => number = Math.random) {}

  /** How many records to read for so many places. */
  reach(places: number): number {
    return Math.max(places, Math.min(places * Math.round(this.#width), mostRead));
  }

  /** In the order in which to take them. */
  order<T>(records: readonly T[]): readonly T[] {
    if (Math.round(this.#width) === 1) return records;
    const keyed = records.map((record) => ({ record, key: this.random() }));
    return keyed.toSorted((a, b) => a.key - b.key).map(({ record }) => record);
  }

  /** What came of claims. One that is lost widens it as much as fifty that are not narrow it again. */
  claimed({ won, lost }: { won: number; lost: number }): void {
    this.#width = Math.min(widest, Math.max(1, this.#width + lost - won / 50));
  }
}
