import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { connection, revision } from './connection.js';
import { read, ServerProblem, wordsOf } from './request.js';

export interface Resource<T> {
  /** As it was read last; undefined until then. */
  data: T | undefined;
  problem: ServerProblem | undefined;
  reload(): Promise<void>;
}

/**
 * What the server says under a path, read again whenever something may have been missed.
 *
 * @param path null for nothing yet.
 * @param every how often to read it anyway, in milliseconds, while somebody looks.
 */
export function useResource<T>(path: string | null, every?: number): Resource<T> {
  const [data, setData] = useState<T>();
  const [problem, setProblem] = useState<ServerProblem>();
  const seen = revision.value;
  const asked = useRef(0);

  const load = useCallback(
    async (abort?: AbortSignal) => {
      if (path === null) return;
      const mine = (asked.current += 1);
      // An older answer may come after a newer one.
      const counts = () => !abort?.aborted && mine === asked.current;
      try {
        const fresh = await read<T>(path, abort);
        if (!counts()) return;
        setData(() => fresh);
        setProblem(undefined);
      } catch (error) {
        if (!counts()) return;
        setProblem(error instanceof ServerProblem ? error : new ServerProblem(0, wordsOf(error)));
      }
    },
    [path],
  );

  useEffect(() => {
    const abort = new AbortController();
    void load(abort.signal);
    return () => abort.abort();
  }, [load, seen]);

  useEffect(() => {
    if (every === undefined) return undefined;
    const abort = new AbortController();
    const timer = setInterval(() => {
      if (!document.hidden && connection.peek() === 'open') void load(abort.signal);
    }, every);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [load, every]);

  const reload = useCallback(() => load(), [load]);
  return { data, problem, reload };
}
