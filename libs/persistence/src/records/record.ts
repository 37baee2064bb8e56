import type { Event } from '@countersign/contracts';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import type { StoredRecord } from '../store.js';

/** What every record begins with, before it is stored. @param now epoch milliseconds */
export const newRecord = (now: EpochMillis): StoredRecord => ({
  version: 0,
  due_at: null,
  traceparent: null,
  tracestate: null,
  created_at: toEpochSeconds(now),
  updated_at: toEpochSeconds(now),
});

/** The record changed. @param now epoch milliseconds */
export const touch = <R extends Pick<StoredRecord, 'updated_at'>>(
  record: R,
  now: EpochMillis,
  change: Partial<R>,
): R => ({
  ...record,
  ...change,
  updated_at: toEpochSeconds(now),
});

/**
 * Numbers the events of a change after those before it. The count is stored with them, whatever a state machine makes of
 * it: so it has no gap, and an event that is published again has the number that it had.
 */
export function numbered<R extends StoredRecord>(
  before: Pick<R, 'sequence'> | undefined,
  state: R,
  events: readonly Event[],
): { state: R; events: readonly Event[] } {
  const last = before?.sequence ?? 0;
  if (last === 0 && events.length === 0) return { state, events };
  const counted = events.map((event, n) => ({ ...event, sequence: last + n + 1 }));
  return { state: { ...state, sequence: last + events.length }, events: counted };
}
