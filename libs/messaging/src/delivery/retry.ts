import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@countersign/contracts';
import { RetryableError } from '@countersign/contracts/problems';
import { jitteredBackoffMs } from '@countersign/contracts/time';

const backoff = { first_ms: 100, longest_ms: 5_000 };

/** Logs once that something fails and once that it has recovered, however many wait for it and how often it is retried. */
export class Outage {
  readonly #log: Log;
  readonly #what: string;
  #waiting = 0;

  /** `what` is tried, as in "joining the group executor". */
  constructor(log: Log, what: string) {
    this.#log = log;
    this.#what = what;
  }

  begin(reason: unknown): void {
    if (this.#waiting++ === 0) this.#log.warn({ err: reason }, `${this.#what} failed; retrying with backoff`);
  }

  end(worked: boolean): void {
    if (--this.#waiting === 0 && worked) this.#log.info({}, `${this.#what} succeeded after retries`);
  }
}

interface RetryOptions {
  outage: Outage;
  /** Stops waiting at once. What is under way is not interrupted. */
  signal: AbortSignal;
  /** Which errors are retried; default: RetryableError. */
  retryable?: (error: unknown) => boolean;
}

/**
 * Tries the same thing until it works, with exponential backoff and jitter.
 *
 * @throws what is not retryable, and the last error or the signal's reason once the signal aborts.
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { outage, signal, retryable = isRetryable } = options;
  try {
    return await attempt();
  } catch (error) {
    if (signal.aborted || !retryable(error)) throw error;
    outage.begin(error);
  }
  let worked = false;
  try {
    for (let retries = 0; ; retries++) {
      await sleep(jitteredBackoffMs(backoff, retries), undefined, { signal });
      try {
        const result = await attempt();
        worked = true;
        return result;
      } catch (error) {
        if (signal.aborted || !retryable(error)) throw error;
      }
    }
  } finally {
    outage.end(worked);
  }
}

const isRetryable = (error: unknown): boolean => error instanceof RetryableError;
