import { type Clock, type EpochMillis, secondsOf, type Millis, type Seconds } from '@countersign/contracts/time';

export interface FailureLimitOptions {
  now(): EpochMillis;
  /** How many failures an address has in a window before it has to wait. */
  limit?: number;
  /** A minute unless given. */
  windowMs?: Millis;
  /** How many addresses are remembered; the one whose window began first is forgotten first. */
  capacity?: number;
}

/** Counts the failures of each address, in this process. Who succeeds is never looked up here. */
export class FailureLimit {
  readonly #failures = new Map<string, { count: number; began: EpochMillis }>();
  readonly #now: Clock;
  readonly #limit: number;
  readonly #windowMs: Millis;
  readonly #capacity: number;

  constructor({ now, limit = 20, windowMs = 60_000, capacity = 10_000 }: FailureLimitOptions) {
    this.#now = now;
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#capacity = capacity;
  }

  /** Counts one more. @returns the seconds to wait, 0 unless there were too many, and whether this is the first of those. */
  count(address: string): { wait: Seconds; first: boolean } {
    const now = this.#now();
    const known = this.#failures.get(address);
    const { count, began } = known && now < known.began + this.#windowMs ? known : { count: 0, began: now };
    if (count === 0) this.#makeRoom(address);
    this.#failures.set(address, { count: count + 1, began });
    const wait = count < this.#limit ? 0 : Math.max(1, Math.ceil(secondsOf(began + this.#windowMs - now)));
    return { wait, first: count === this.#limit };
  }

  #makeRoom(address: string): void {
    this.#failures.delete(address);
    if (this.#failures.size >= this.#capacity) this.#failures.delete(this.#failures.keys().next().value!);
  }
}
