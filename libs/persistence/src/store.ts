import type { Event, stored } from '@countersign/contracts';
import type { EpochMillis } from '@countersign/contracts/time';
import type { z } from 'zod';
import type { AppendLog, AppendLogDefinition, Positioned } from './append-log/append-log.js';

/**
 * What every record has; see `stored` in the contracts. All other fields of a record are always there too, null when
 * they say nothing: an adapter may merge a new state over the old one, field by field.
 */
export type StoredRecord = z.infer<z.ZodObject<typeof stored>>;

/** Declares a collection once, for all adapters. */
export interface Collection<R extends StoredRecord> {
  name: string;
  /** The field that identifies a record; a string. */
  key: keyof R & string;
  /** Fields of each index, in order; `-` before a name for descending. Every list the API offers has one. */
  indexes: readonly (readonly string[])[];
}

type Scalar = string | number | boolean | null;
/**
 * What a field must be: a value, another than one, one of several or none of them, or within bounds (null is never
 * within bounds). Strings are compared by their bytes.
 */
export type Condition =
  | Scalar
  | { not: Scalar }
  | { in: readonly Scalar[] }
  | { nin: readonly Exclude<Scalar, null>[] }
  | Bounds<number>
  | Bounds<string>;
type Bounds<T> = { gte?: T; gt?: T; lte?: T; lt?: T };
export type Filter<R> = { readonly [K in keyof R]?: Condition | undefined };
type Sort<R> = readonly (readonly [field: keyof R & string, direction: 'asc' | 'desc'])[];

export interface Query<R> {
  filter: Filter<R>;
  /** The record's key is the last criterion by itself, so that pages never overlap. */
  sort: Sort<R>;
  limit: number;
  skip?: number;
}

/** One transition: the new state and what it publishes, by compare-and-set. */
export interface Commit<R> {
  /** The version the transition was decided on; 0 when there was no record. The new state carries this plus one. */
  expected: number;
  state: R;
  events: readonly Event[];
}

/** The CloudEvents subject of what a record emits, by which an outbox finds the record again. */
export const subjectOf = (collection: string, id: string): string => `${collection}/${id}`;
export const recordOf = (collection: string, { subject }: Pick<Event, 'subject'>): string =>
  subject.slice(collection.length + 1);

/** Optimistic concurrency: the record has another version by now. Read it again and decide again. */
export class VersionConflict extends Error {
  override name = 'VersionConflict';
}

/**
 * The records of one collection.
 *
 * `commit` is atomic and durable: the state and its events are stored together or not at all, and of all commits that
 * expect the same version exactly one succeeds. A commit that fails with a RetryableError may have been stored
 * nevertheless: whoever tries it again meets a VersionConflict and reads what was stored. What can never be stored is
 * a TerminalError. All methods throw a RetryableError while the database is out of reach.
 */
export interface Store<R extends StoredRecord> {
  get(id: string): Promise<R | undefined>;
  find(query: Query<R>): Promise<R[]>;
  count(filter: Filter<R>): Promise<number>;
  /**
   * @returns every event of this record that has not been published yet, oldest first, the new ones included.
   * @throws VersionConflict
   */
  commit(commit: Commit<R>): Promise<Event[]>;
  /**
   * Removes for good what fits, at most `limit` records of it, and none with events that have not been published yet. One
   * that changes meanwhile is removed only if it still matches.
   *
   * @returns how many it removed: fewer than `limit` when no more match, or when another process removes too.
   */
  remove(filter: Filter<R>, limit: number): Promise<number>;
}

/**
 * Events that are stored and not yet published. A record's events come in the order of its versions.
 */
export interface Outbox {
  /** Events of the commits made before `before`, of at most `limit` records. */
  unpublished(options: { before: EpochMillis; limit: number }): Promise<Event[]>;
  /** Forgets these; they have been published. Events it does not know are skipped. */
  markPublished(events: readonly Event[]): Promise<void>;
}

export interface Database {
  /** Opens a collection and sees to its indexes. */
  collection<R extends StoredRecord>(collection: Collection<R>): { store: Store<R>; outbox: Outbox };
  /** Opens an append-only log and sees to its indexes. */
  appendLog<E extends Positioned>(definition: AppendLogDefinition<E>): AppendLog<E>;
  /** The time by the clock of the database, which is one for all who use it. */
  time(): Promise<EpochMillis>;
  /** Whether records can be read and written; throws the reason why not. */
  ping(): Promise<void>;
  /** Collections whose lists may be slow, since an index of theirs is not there. */
  missingIndexes(): readonly string[];
  close(): Promise<void>;
}
