import { toEpochSeconds, type Clock, type EpochMillis, type EpochSeconds } from '@countersign/contracts/time';
import {
  type Collection,
  type Database,
  type RetentionPolicy,
  type Store,
  type StoredRecord,
} from '@countersign/persistence';
import { removeAll } from '@countersign/persistence/retention';

/** Milliseconds. */
const dayMs = 24 * 3_600_000;

export interface ExpiringOptions {
  database: Pick<Database, 'collection'>;
  now(): EpochMillis;
}

/** Records that are of use until a time of their own, and removed a day after it. */
export abstract class Expiring<R extends StoredRecord & { expires_at: EpochSeconds }> {
  protected readonly store: Store<R>;
  protected readonly now: Clock;
  readonly retention: RetentionPolicy;

  constructor(collection: Collection<R>, { database, now }: ExpiringOptions) {
    const { store } = database.collection(collection);
    this.store = store;
    this.now = now;
    this.retention = {
      name: collection.name,
      ttlMs: dayMs,
      purgeBefore: (time) =>
        removeAll<StoredRecord & { expires_at: EpochSeconds }>(store, { expires_at: { lt: toEpochSeconds(time) } }),
    };
  }
}
