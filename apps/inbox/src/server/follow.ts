import type { StreamOptions } from '@countersign/client';
import { jitteredBackoffMs } from '@countersign/contracts/time';

const backoff = { first_ms: 2_000, longest_ms: 60_000 };

interface Following<T> {
  /** Each event, as it comes. @returns whether it was the last: then the stream is closed. */
  hear(event: T): boolean | void;
  /** Called before everything is sent from the beginning. */
  begin(): void;
  /** Whether events come by themselves now; what has no id may have been missed before. */
  live?(isLive: boolean): void;
}

/**
 * Follows a stream of events. After an interruption it goes on where it was; where the server has refused that, it begins
 * again after a while.
 *
 * @returns how to stop.
 */
export function follow<T>(
  open: (options: StreamOptions) => AsyncIterable<T>,
  { hear, begin, live = () => {} }: Following<T>,
): () => void {
  const stopped = new AbortController();
  const { signal } = stopped;
  let retries = 0;
  const onState = (state: 'open' | 'lost') => {
    if (state === 'open') retries = 0;
    if (!signal.aborted) live(state === 'open');
  };
  const attempt = async () => {
    begin();
    try {
      for await (const event of open({ signal, onState })) {
        if (signal.aborted) return;
        if (hear(event)) return live(false);
      }
    } catch {
      if (signal.aborted) return;
      live(false);
      const retry = setTimeout(() => void attempt(), jitteredBackoffMs(backoff, retries++));
      signal.addEventListener('abort', () => clearTimeout(retry));
    }
  };
  void attempt();
  return () => stopped.abort();
}
