import { jitteredBackoffMs } from '@countersign/contracts';

const backoff = { first_ms: 2_000, longest_ms: 60_000 };

interface Following<T> {
  /** Each event, as it comes. @returns whether it was the last: then the stream is let go of. */
  hear(event: T): boolean | void;
  /** Called before everything is told from the beginning. */
  begin(): void;
  /** Whether events come by themselves now; what has no id may have been missed before. */
  live?(isLive: boolean): void;
}

/**
 * Follows a stream of events. After an interruption the browser goes on where it was; where the server has refused
 * that, it begins again after a while.
 *
 * @returns how to stop.
 */
export function follow<T>(
  path: string,
  names: readonly string[],
  { hear, begin, live = () => {} }: Following<T>,
): () => void {
  let source: EventSource;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let retries = 0;
  const open = () => {
    begin();
    source = new EventSource(path);
    source.addEventListener('open', () => {
      retries = 0;
      live(true);
    });
    source.addEventListener('error', () => {
      live(false);
      if (source.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(open, jitteredBackoffMs(backoff, retries++));
    });
    for (const name of names)
      source.addEventListener(name, ({ data }: MessageEvent<string>) => {
        if (!hear(JSON.parse(data) as T)) return;
        source.close();
        live(false);
      });
  };
  open();
  return () => {
    clearTimeout(retry);
    source.close();
  };
}
