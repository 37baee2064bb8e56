import type { Millis } from '@countersign/contracts/time';
import type { ApiError } from '@countersign/client';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { connection, revision } from './connection.js';
import { problemOf } from './client.js';

export interface Resource<T> {
  /** As it was read last; undefined until then. */
  data: T | undefined;
  problem: ApiError | undefined;
  reload(): Promise<void>;
}

/**
 * What the server says, read again whenever something may have been missed, and when what it depends on is another.
 *
 * @param read null for nothing yet.
 * @param everyMs how often to read it anyway, while the page is visible.
 */
export function useResource<T>(
  read: ((abort?: AbortSignal) => Promise<T>) | null,
  dependsOn: readonly unknown[] = [],
  everyMs?: Millis,
): Resource<T> {
  const [data, setData] = useState<T>();
  const [problem, setProblem] = useState<ApiError>();
  const seen = revision.value;
  const latest = useRef(0);

  const load = useCallback(
    async (abort?: AbortSignal) => {
      if (read === null) return;
      const mine = (latest.current += 1);
      // An older answer may come after a newer one.
      const counts = () => !abort?.aborted && mine === latest.current;
      try {
        const fresh = await read(abort);
        if (!counts()) return;
        setData(() => fresh);
        setProblem(undefined);
      } catch (error) {
        if (!counts()) return;
        setProblem(problemOf(error));
      }
    },
    [read === null, ...dependsOn],
  );

  useEffect(() => {
    const abort = new AbortController();
    void load(abort.signal);
    return () => abort.abort();
  }, [load, seen]);

  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const abort = new AbortController();
    const timer = setInterval(() => {
      if (!document.hidden && connection.peek() === 'open') void load(abort.signal);
    }, everyMs);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [load, everyMs]);

  const reload = useCallback(() => load(), [load]);
  return { data, problem, reload };
}
