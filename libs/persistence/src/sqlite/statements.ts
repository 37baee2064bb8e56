import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { DiskFull } from '@countersign/sqlite';
import { VersionConflict } from '../store.js';

/** A field may be called like a word of SQL. */
export const quoted = (field: string): string => `"${field}"`;

/** A field as JSON functions of SQLite would extract it. */
export function columnOf(record: object, field: string): string | number | null {
  const value = (record as Record<string, unknown>)[field] ?? null;
  return typeof value === 'boolean' ? Number(value) : (value as string | number | null);
}

const tooBig = 18;

/** Runs statements; a full disk or a closed file passes, and what SQLite cannot hold never will. */
export async function attempt<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof VersionConflict || error instanceof TerminalError) throw error;
    const { message } = error as Error;
    if ((error as { errcode?: number }).errcode === tooBig || message === 'malformed JSON') {
      throw new TerminalError('not_storable', `cannot be stored: ${message}`, { cause: error });
    }
    if (error instanceof DiskFull) throw new RetryableError(message, { cause: error });
    throw new RetryableError(`the embedded store failed: ${message}`, { cause: error });
  }
}
