import {
  atMillis,
  atSeconds,
  earliest,
  latest,
  toEpochMillis,
  toEpochSeconds,
  type EpochMillis,
} from '@countersign/contracts/time';
import { newRecord, touch } from '../records/record.js';
import { insertOnce } from '../records/writes.js';
import { VersionConflict, type Collection, type Database, type Store, type StoredRecord } from '../store.js';

/** The marker that a store carries for each service that keeps records in it. */
export interface Installation extends StoredRecord {
  /** The service. */
  id: string;
  /** Since when there are records here. Of a decision from before, what became of it is not known here. */
  born_at_ms: EpochMillis;
  /** When the store was last seen to be used, by the time of the store. */
  seen_at_ms: EpochMillis;
  /** Whether the service has been seen to have published into its log. */
  published: boolean;
  /** Since when what holds is being recovered, and why: until that ends, no call is made. */
  recovering: { since_ms: EpochMillis; note: string } | null;
  /** When that ended last; null, also in markers of earlier versions: it was never recovered. */
  recovered_at_ms?: EpochMillis | null;
  /** Records of what was over before this time may be gone, and since when that is known; null, also in markers of earlier versions: none are. */
  expired?: { before_ms: EpochMillis; since_ms: EpochMillis } | null;
}

/** Before that time there may have been records which are gone: by a recovery, or by their age. */
const goneBefore = ({ recovered_at_ms, expired }: Installation): EpochMillis =>
  latest(recovered_at_ms ?? atMillis(0), expired?.before_ms ?? atMillis(0));

/** `recovering`: what holds is being recovered. `set_back`: it was, after that, or records of then were removed by their age. */
export type SetBack = 'recovering' | 'set_back';

/** Why what began at that time may have been done since, by records that are lost; null: it is known not to have been. */
export function setBackOf(installation: Installation, began: EpochMillis): SetBack | null {
  if (installation.recovering !== null) return 'recovering';
  return began < goneBefore(installation) ? 'set_back' : null;
}

const installationCollection: Collection<Installation> = { name: 'installations', key: 'id', indexes: [] };

export const installationsIn = (database: Pick<Database, 'collection'>): Store<Installation> =>
  database.collection(installationCollection).store;

const newborn = (service: string, now: EpochMillis): Installation => ({
  ...newRecord(now),
  id: service,
  born_at_ms: now,
  seen_at_ms: now,
  published: false,
  recovering: null,
  recovered_at_ms: null,
  expired: null,
});

/** Marks a store as new, and as old as it is for other services. @returns whether it was not marked before */
export async function begin(store: Store<Installation>, service: string, now: EpochMillis): Promise<boolean> {
  const [oldest] = await store.find({ filter: {}, sort: [['born_at_ms', 'asc']], limit: 1 });
  const born_at_ms = earliest(oldest?.born_at_ms ?? now, now);
  return insertOnce(store, { ...newborn(service, now), born_at_ms });
}

/** The store was seen to be used. @returns the marker after it; undefined when another instance was faster */
export async function seen(
  store: Store<Installation>,
  known: Installation,
  now: EpochMillis,
  change: Partial<Pick<Installation, 'published'>> = {},
): Promise<Installation | undefined> {
  const state = {
    ...touch<Installation>(known, now, change),
    seen_at_ms: latest(known.seen_at_ms, now),
    version: known.version + 1,
  };
  try {
    await store.commit({ expected: known.version, state, events: [] });
    return state;
  } catch (error) {
    if (error instanceof VersionConflict) return undefined;
    throw error;
  }
}

/**
 * Says that what the store has now holds, whatever the log has from before: of a decision without a record, a person
 * finds out what became of it. No call is made until `endRecovery`.
 */
export const beginRecovery = (
  store: Store<Installation>,
  service: string,
  now: EpochMillis,
  note: string,
): Promise<Installation> =>
  decide(store, service, now, (known) => ({
    ...(known ?? newborn(service, now)),
    // Records know their second: what is of this one may have been done before.
    born_at_ms: afterSecond(now),
    seen_at_ms: latest(known?.seen_at_ms ?? now, now),
    published: false,
    recovering: { since_ms: now, note },
  }));

/** Whoever recovers has compared the records with the targets. */
export const endRecovery = (store: Store<Installation>, service: string, now: EpochMillis): Promise<Installation> =>
  decide(store, service, now, (known) => ({
    ...(known ?? newborn(service, now)),
    recovering: null,
    recovered_at_ms: now,
  }));

/** From now on records of what was over before that time may be removed. */
export async function expire(
  store: Store<Installation>,
  service: string,
  now: EpochMillis,
  before: EpochMillis,
): Promise<void> {
  await decide(store, service, now, (known = newborn(service, now)) => ({
    ...known,
    expired: { before_ms: latest(known.expired?.before_ms ?? before, before), since_ms: now },
  }));
}

const afterSecond = (now: EpochMillis): EpochMillis => toEpochMillis(atSeconds(toEpochSeconds(now) + 1));

async function decide(
  store: Store<Installation>,
  service: string,
  now: EpochMillis,
  next: (known: Installation | undefined) => Installation,
): Promise<Installation> {
  for (;;) {
    const known = await store.get(service);
    const version = known?.version ?? 0;
    const state = { ...next(known), version: version + 1, updated_at: toEpochSeconds(now) };
    try {
      await store.commit({ expected: version, state, events: [] });
      return state;
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
    }
  }
}
