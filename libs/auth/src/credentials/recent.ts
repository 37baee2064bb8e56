import { type Clock, type EpochMillis, after, type Millis } from '@countersign/contracts/time';

/** For how long what was read is used again without another read. */
export const recentForMs: Millis = 1_000;

export interface RecentOptions {
  now(): EpochMillis;
  /** How many are kept; the one that was read longest ago goes first. */
  capacity?: number;
}

/**
 * Records that were read within the last second, so that a hot path costs no read. What another process changes is
 * seen once `recentFor` has passed, counted from before the read. What is not there is not remembered.
 */
export class Recent<R extends { version: number }> {
  readonly #kept = new Map<string, { record: R; until: EpochMillis }>();
  readonly #now: Clock;
  readonly #capacity: number;

  constructor({ now, capacity = 10_000 }: RecentOptions) {
    this.#now = now;
    this.#capacity = capacity;
  }

  async get(id: string, read: (id: string) => Promise<R | undefined>): Promise<R | undefined> {
    const kept = this.#kept.get(id);
    const readAt = this.#now();
    if (kept && readAt < kept.until) return kept.record;
    const record = await read(id);
    return record && this.#keep(id, record, readAt);
  }

  /** A record read in some other way, and when that read began. */
  read(id: string, record: R, readAt: EpochMillis): void {
    this.#keep(id, record, readAt);
  }

  /** A change that was made here is seen here at once. */
  changed(id: string, record: R): void {
    this.#keep(id, record, this.#now());
  }

  /** A read that was overtaken by a change must not bring the old state back. */
  #keep(id: string, record: R, readAt: EpochMillis): R {
    const kept = this.#kept.get(id);
    if (kept && kept.record.version > record.version) return kept.record;
    this.#kept.delete(id);
    if (this.#kept.size >= this.#capacity) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(id, { record, until: after(readAt, recentForMs) });
    return record;
  }
}
