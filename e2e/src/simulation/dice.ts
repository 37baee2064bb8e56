/** Chance that can be repeated: the same seed always gives the same throws (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** @returns a number from 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** True once in so many throws. */
  oneIn(throws: number): boolean {
    return this.below(throws) === 0;
  }

  /** @returns one of them, undefined when there are none. */
  pick<T>(from: readonly T[]): T | undefined {
    return from[this.below(from.length)];
  }

  /** One of what there is at least one of. */
  one<T>(...from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)]!;
  }

  weighted<T>(from: readonly (readonly [weight: number, T])[]): T {
    let left = this.next() * from.reduce((sum, [weight]) => sum + weight, 0);
    return (from.find(([weight]) => (left -= weight) < 0) ?? from[0]!)[1];
  }
}
