import { secondsOf, type Millis } from '@countersign/contracts/time';

/** Why a call that was begun is not followed to its end. */
export const whyStopped = ({ reason }: AbortSignal): string =>
  `stopped while it was running, ${reason instanceof Error ? reason.message : String(reason)}`;

/** Work whose signal is aborted after so many milliseconds, or when this signal is. */
export async function bounded<T>(
  timeoutMs: Millis,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const timer = setTimeout(
    () => ending.abort(new DOMException(`${secondsOf(timeoutMs)} s are over`, 'TimeoutError')),
    timeoutMs,
  );
  const stopped = () => ending.abort(stop.reason);
  if (stop.aborted) stopped();
  stop.addEventListener('abort', stopped, { once: true });
  try {
    return await work(ending.signal);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', stopped);
  }
}
