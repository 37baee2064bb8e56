import type { Execution } from '@countersign/contracts/executions';
import { useEffect, useRef } from 'preact/hooks';
import type { LiveCalls } from '../runs/run-events.js';
import { client } from '../server/client.js';
import { useResource } from '../server/resource.js';
import { further, isGap, nothingPrinted, withLiveProgress } from './live-progress.js';
import { isUnderWay } from './under-way.js';

/** How often the output is read where it does not come by itself. */
const whileItRuns = 1_000;

/**
 * What the last attempt printed, and how many characters in all. It comes by itself; what may have been missed is read
 * when that begins, when something is missing in between, and when the call is over.
 */
export function usePrinted(execution: Execution, { isLive, progress }: LiveCalls): { text: string; total: number } {
  const { id, status, attempts } = execution;
  const { data, reload } = useResource(
    attempts.length > 0 ? (signal) => client.executions.output(id, undefined, signal) : null,
    [id],
    isUnderWay(execution) && !isLive ? whileItRuns : undefined,
  );
  const update = progress[id];
  // It never gets shorter on the screen.
  const known = useRef(nothingPrinted);
  if (data) known.current = further(known.current, data);
  const isIncomplete = update !== undefined && isGap(known.current, update);
  if (update) known.current = withLiveProgress(known.current, update);
  useEffect(() => void reload(), [status, isLive]);
  useEffect(() => void (isIncomplete && reload()), [update?.attempt, update?.from]);

  const { attempt, text } = known.current;
  return { text, total: Math.max(text.length, data?.attempt === attempt ? data.total_characters : 0) };
}
