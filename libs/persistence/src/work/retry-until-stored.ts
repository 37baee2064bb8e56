import { RetryableError, type Log } from '@countersign/contracts';
import { setTimeout as delay } from 'node:timers/promises';

const pause = 500;

/** Tries again for as long as it takes while something is down: for what must not be lost because of an outage. */
export async function retryUntilStored<T>(work: () => Promise<T>, log: Log): Promise<T> {
  for (let warned = false; ; warned = true) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      if (!warned) log.warn({ err: error }, 'cannot be stored now, trying again until it can');
      await delay(pause);
    }
  }
}
