import type { Query } from '../store.js';

/** An entry of an append-only log. All of its fields are scalars, and always there. */
export interface Positioned {
  /** Counts the entries from 0, without a gap. */
  position: number;
}

/** Declares a log once, for all adapters. */
export interface AppendLogDefinition<E extends Positioned> {
  name: string;
  /** Fields of each index, in order; the position comes after them by itself. */
  indexes: readonly (readonly (keyof E & string)[])[];
}

/**
 * Entries that are added at the end; nothing but `replace` changes one.
 *
 * A position is taken once: of all who append there exactly one succeeds, whatever the others know of the log, so a
 * writer that was paused and overtaken writes nothing over what came meanwhile. What was read of the log before an append
 * that succeeded at its end was therefore all there was. All methods throw a RetryableError while the database is out of reach.
 */
export interface AppendLog<E extends Positioned> {
  /**
   * Appends consecutive entries. After an error, a crash too, those at the front may be stored, and none behind one that
   * is not.
   *
   * @throws VersionConflict when another has written at one of these positions
   */
  append(entries: readonly E[]): Promise<void>;
  /**
   * Writes entries anew where there is one: what is taken out of an entry is gone. None of them is added.
   * After an error, a crash too, any of them may be.
   */
  replace(entries: readonly E[]): Promise<void>;
  length(): Promise<number>;
  /** Sorted by position alone: `sort` has that one field, or none for ascending. */
  find(query: Query<E>): Promise<E[]>;
}
