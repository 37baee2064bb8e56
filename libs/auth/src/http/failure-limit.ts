export interface FailureLimitOptions {
  now(): number;
  /** How many failures an address has in a window before it is told to wait. */
  limit?: number;
  /** Milliseconds. */
  window?: number;
  /** How many addresses are remembered; the one whose window began first is forgotten first. */
  capacity?: number;
}

/** Counts the failures of each address, in this process. Who succeeds is never looked up here. */
export class FailureLimit {
  readonly #failures = new Map<string, { count: number; began: number }>();
  readonly #now: () => number;
  readonly #limit: number;
  readonly #window: number;
  readonly #capacity: number;

  constructor({ now, limit = 20, window = 60_000, capacity = 10_000 }: FailureLimitOptions) {
    this.#now = now;
    this.#limit = limit;
    this.#window = window;
    this.#capacity = capacity;
  }

  /** Counts one more. @returns the seconds to wait, 0 unless there were too many, and whether this is the first of those. */
  count(address: string): { wait: number; first: boolean } {
    const now = this.#now();
    const known = this.#failures.get(address);
    const { count, began } = known && now < known.began + this.#window ? known : { count: 0, began: now };
    if (count === 0) this.#makeRoom(address);
    this.#failures.set(address, { count: count + 1, began });
    const wait = count < this.#limit ? 0 : Math.max(1, Math.ceil((began + this.#window - now) / 1000));
    return { wait, first: count === this.#limit };
  }

  #makeRoom(address: string): void {
    this.#failures.delete(address);
    if (this.#failures.size >= this.#capacity) this.#failures.delete(this.#failures.keys().next().value!);
  }
}
