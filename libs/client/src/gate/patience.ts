import { jitteredBackoffMs, millisOf } from '@countersign/contracts/time';
import { ApiError } from '../transport/api-error.js';

const backoff = { first_ms: 200, longest_ms: 10_000 };

/** Tries again while the server is away or busy, or while an error may pass. @throws what does not pass; the reason of the signal */
export async function patiently<T>(
  work: () => Promise<T>,
  signal?: AbortSignal,
  mayPass: (error: ApiError) => boolean = () => false,
): Promise<T> {
  for (let n = 0; ; n += 1) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApiError && (error.isTemporary || mayPass(error)))) throw error;
      await pause(Math.max(jitteredBackoffMs(backoff, n), millisOf(error.retryAfter ?? 0)), signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(end, ms);
    function end() {
      signal?.removeEventListener('abort', stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    }
    signal?.addEventListener('abort', stop, { once: true });
  });
}
