import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { BSON } from 'mongodb';
import { VersionConflict } from '../store.js';

/** All that fails between here and the server's answer may work the next time; what cannot be sent is found before. */
export async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof VersionConflict || error instanceof TerminalError || error instanceof RetryableError)
      throw error;
    if (error instanceof BSON.BSONError)
      throw new TerminalError('not_storable', `not for MongoDB: ${error.message}`, { cause: error });
    throw new RetryableError(`MongoDB: ${(error as Error).message}`, { cause: error });
  }
}
