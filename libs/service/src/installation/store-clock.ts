import { atMillis, systemClock, type Clock, type EpochMillis, type Millis } from '@countersign/contracts/time';
import type { Database } from '@countersign/persistence';

/** An answer that took longer says too little about when it was given. */
const slowestAnswerMs: Millis = 2_000;
/** The clock of this machine was set, or the machine stood still: what was measured may not hold any more. */
const jumpMs: Millis = 1_000;

/** Clocks of this machine. */
export interface OwnClocks {
  wall: Clock;
  /** Milliseconds that no one sets. */
  monotonic(): number;
}

const ownClocks: OwnClocks = { wall: systemClock, monotonic: () => performance.now() };

/**
 * The time by the clock of the store, which is the same for all who share its records: a lease that one machine takes is
 * never held against the clock of another. In between it goes on by a clock that no one sets.
 */
export class StoreClock {
  readonly #database: Pick<Database, 'time'>;
  readonly #own: OwnClocks;
  /** By the store, when the monotonic clock said 0, and how far ahead of it the clock of this machine is. */
  #measured: { base: number; skewMs: Millis } | undefined;
  #measuring: Promise<void> | undefined;

  constructor(database: Pick<Database, 'time'>, own = ownClocks) {
    this.#database = database;
    this.#own = own;
  }

  /** By the clock of this machine for as long as nothing was measured. */
  readonly now: Clock = (): EpochMillis => {
    if (!this.#measured) return this.#own.wall();
    const now = this.#measured.base + this.#own.monotonic();
    if (Math.abs(this.#own.wall() - now - this.#measured.skewMs) > jumpMs) this.measure().catch(() => {});
    return atMillis(Math.round(now));
  };

  /** How far the clock of this machine was ahead of the store's; undefined: not measured. */
  get skewMs(): Millis | undefined {
    return this.#measured?.skewMs;
  }

  /** @throws RetryableError while the store is out of reach */
  measure(): Promise<void> {
    return (this.#measuring ??= this.#measure().finally(() => (this.#measuring = undefined)));
  }

  async #measure(): Promise<void> {
    const asked = this.#own.monotonic();
    const storeTime = await this.#database.time();
    const answered = this.#own.monotonic();
    if (this.#measured && answered - asked > slowestAnswerMs) return;
    const base = storeTime - (asked + answered) / 2;
    this.#measured = { base, skewMs: Math.round(this.#own.wall() - (base + answered)) };
  }
}
