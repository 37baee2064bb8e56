import type { Approval } from '@countersign/contracts/approvals';
import { useEffect, useState } from 'preact/hooks';
import { client, wordsOf } from '../../server/client.js';

/** An approval as it is now with nothing left out, or why it cannot be seen. */
export type Whole = { approval: Approval } | { problem: string };

/** Reads approvals again: what a list has of them is redacted, and may be old. undefined until all of them are there. */
export function useWhole(ids: readonly string[]): ReadonlyMap<string, Whole> | undefined {
  const [found, setFound] = useState<ReadonlyMap<string, Whole>>();
  useEffect(() => {
    const abort = new AbortController();
    const one = async (id: string): Promise<[string, Whole]> => {
      try {
        return [id, { approval: await client.approvals.get(id, abort.signal) }];
      } catch (error) {
        return [id, { problem: wordsOf(error) }];
      }
    };
    void Promise.all(ids.map(one)).then((all) => !abort.signal.aborted && setFound(new Map(all)));
    return () => abort.abort();
  }, []);
  return found;
}
