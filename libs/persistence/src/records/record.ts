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
