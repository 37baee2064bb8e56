import { RetryableError } from '@countersign/contracts/problems';
import type { Millis } from '@countersign/contracts/time';

/** @throws RetryableError when the promise takes longer; what it stands for goes on unobserved. */
export async function withTimeout<T>(timeoutMs: Millis, what: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new RetryableError(`${what} took longer than ${Math.round(timeoutMs)} ms`)),
    timeoutMs,
  );
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
