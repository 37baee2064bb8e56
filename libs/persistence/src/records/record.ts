import { secondsOf } from '@countersign/contracts';
import type { StoredRecord } from '../store.js';

/** What every record begins with, before it is stored. @param now epoch milliseconds */
export const newRecord = (now: number): StoredRecord => ({
  version: 0,
  due_at: null,
  traceparent: null,
  created_at: secondsOf(now),
  updated_at: secondsOf(now),
});

/** The record changed. @param now epoch milliseconds */
export const touch = <R extends Pick<StoredRecord, 'updated_at'>>(record: R, now: number, change: Partial<R>): R => ({
  ...record,
  ...change,
  updated_at: secondsOf(now),
});
