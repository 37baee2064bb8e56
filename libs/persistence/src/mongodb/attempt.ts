import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { BSON } from 'mongodb';
import { VersionConflict } from '../store.js';

/** Runs a command; what it throws is of the store's kinds of errors. */
export type Attempt = <T>(work: () => Promise<T>) => Promise<T>;

/** BadValue, FailedToParse, TypeMismatch, DocumentValidationFailure, BSONObjectTooLarge, and too large after an update. */
const neverPass: ReadonlySet<unknown> = new Set([2, 9, 14, 121, 10334, 17419]);

/** Of the server, or of one write among many. */
export const codeOf = (error: unknown): number | string | undefined =>
  (error as { code?: number | string | undefined }).code;

/** The errors of the store: terminal for what can never be stored, retryable for what may work the next time. */
export function storeError(error: unknown): Error {
  if (error instanceof VersionConflict || error instanceof TerminalError || error instanceof RetryableError)
    return error;
  if (error instanceof BSON.BSONError || neverPass.has(codeOf(error)))
    return new TerminalError('not_storable', `not for MongoDB: ${messageOf(error)}`, { cause: error });
  return new RetryableError(`MongoDB: ${reasonOf(error)}`, { cause: error });
}

const [unauthorized, authenticationFailed, atlasError] = [13, 18, 8000];

/** For people: what the driver says, and of rights what to look at. */
export function reasonOf(error: unknown): string {
  const message = messageOf(error);
  const code = codeOf(error);
  if (code === authenticationFailed || code === atlasError)
    return `the user or the password is wrong, or its authSource is another: ${message}`;
  return code === unauthorized ? `the user is not allowed it, and needs readWrite: ${message}` : message;
}

function messageOf(error: unknown): string {
  const { message, errmsg } = error as { message?: string; errmsg?: string };
  return message ?? errmsg ?? String(error);
}
