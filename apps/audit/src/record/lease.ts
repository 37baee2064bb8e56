import { earliest, atMillis, type Clock, type EpochMillis, type Millis } from '@countersign/contracts/time';
import { newRecord, VersionConflict, type Collection, type Store, type StoredRecord } from '@countersign/persistence';
import { randomUUID } from 'node:crypto';

/** Who does something that one instance does at a time. */
interface Holder extends StoredRecord {
  id: string;
  worker: string;
  until: EpochMillis;
}

export const leaseCollection: Collection<Holder> = { name: 'audit_leases', key: 'id', indexes: [] };

/**
 * Lets one instance work at a time. It saves the others from working in vain, and no more than that: what they write is
 * fenced by the positions of the log, which are each taken once, whatever a clock or a pause makes somebody believe.
 */
export class Lease {
  readonly #worker = randomUUID();
  #held: Holder | undefined;

  constructor(
    private readonly options: {
      store: Store<Holder>;
      name: string;
      ttlMs: Millis;
      now: Clock;
      /** Whoever held it is not there any more. */
      exclusive: boolean;
    },
  ) {}

  /** @returns whether it is held here now, and whether nobody else had it since it was here before. */
  async take(): Promise<{ held: boolean; unbroken: boolean }> {
    const { store, name, ttlMs, now, exclusive } = this.options;
    const at = now();
    const held = this.#held;
    if (held && held.until - at > ttlMs / 2) return { held: true, unbroken: true };
    const before = await store.get(name);
    if (before && !exclusive && before.worker !== this.#worker && before.until > at)
      return { held: false, unbroken: false };
    const unbroken = held !== undefined && before?.version === held.version;
    return { held: await this.#write(before, atMillis(at + ttlMs)), unbroken };
  }

  /** Lets another have it at once, where there may be one. */
  async release(): Promise<void> {
    const held = this.#held;
    if (this.options.exclusive) return;
    if (held && (await this.#write(held, earliest(held.until, this.options.now())))) return;
    this.#held = undefined;
  }

  async #write(before: Holder | undefined, until: EpochMillis): Promise<boolean> {
    const { store, name, now } = this.options;
    const version = (before?.version ?? 0) + 1;
    const state: Holder = { ...(before ?? newRecord(now())), id: name, worker: this.#worker, until, version };
    try {
      await store.commit({ expected: before?.version ?? 0, state, events: [] });
    } catch (error) {
      this.#held = undefined;
      if (error instanceof VersionConflict) return false;
      throw error;
    }
    this.#held = state;
    return true;
  }
}
