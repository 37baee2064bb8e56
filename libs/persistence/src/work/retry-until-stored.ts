import type { Log } from '@countersign/contracts';
import { RetryableError } from '@countersign/contracts/problems';
import { jitteredBackoffMs } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';

const backoff = { first_ms: 100, longest_ms: 2_000 };

/** Retries for as long as the store is down: for what must not be lost because of an outage. What is final is thrown. */
export async function retryUntilStored<T>(work: () => Promise<T>, log: Log): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      if (retries === 0) log.warn({ err: error }, 'cannot be stored, retrying with backoff');
      await delay(jitteredBackoffMs(backoff, retries));
    }
  }
}
