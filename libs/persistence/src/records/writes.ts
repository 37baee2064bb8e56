import type { Event } from '@countersign/contracts';
import type { EpochMillis } from '@countersign/contracts/time';
import { VersionConflict, type Store, type StoredRecord } from '../store.js';
import { numbered, touch } from './record.js';

/** The events of a change: stored with it, and published once it is. */
export interface Publication<R> {
  events(state: R): readonly Event[];
  publish(unpublished: readonly Event[]): void;
}

/** Stores a record that is new. @throws VersionConflict when there is one with its key */
export async function insert<R extends StoredRecord>(store: Store<R>, record: R, telling?: Publication<R>): Promise<R> {
  return commit(store, undefined, { ...record, version: 1 }, telling);
}

/** Stores a record unless there is one with its key. @returns whether it was stored */
export async function insertOnce<R extends StoredRecord>(store: Store<R>, record: R): Promise<boolean> {
  try {
    await insert(store, record);
    return true;
  } catch (error) {
    if (error instanceof VersionConflict) return false;
    throw error;
  }
}

/**
 * Changes a record, and decides again after a version conflict.
 *
 * @param change gives the new state, or undefined when there is nothing to change.
 * @returns the record as it is now, and whether this call changed it.
 */
export async function update<R extends StoredRecord>(
  store: Store<R>,
  id: string,
  now: EpochMillis,
  change: (record: R) => R | undefined,
  telling?: Publication<R>,
): Promise<{ record: R; changed: boolean } | undefined> {
  for (;;) {
    const before = await store.get(id);
    if (!before) return undefined;
    const after = change(before);
    if (!after) return { record: before, changed: false };
    const state = { ...touch(after, now, {}), version: before.version + 1 };
    try {
      return { record: await commit(store, before, state, telling), changed: true };
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
    }
  }
}

async function commit<R extends StoredRecord>(
  store: Store<R>,
  before: R | undefined,
  after: R,
  telling?: Publication<R>,
): Promise<R> {
  const { state, events } = numbered(before, after, telling?.events(after) ?? []);
  const unpublished = await store.commit({ expected: before?.version ?? 0, state, events });
  telling?.publish(unpublished);
  return state;
}
