import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { onApproval, revision } from './server/connection.js';
import { client } from './server/client.js';
import { may } from './server/session.js';

/** How many approvals wait; the title of the page begins with it. */
export const waiting = signal<number | undefined>(undefined);

/** How many executions need a person: to find out what came of them, or to make them. */
export const unsettled = signal<number | undefined>(undefined);

const soonEnoughMs = 400;
const nowAndThen = 5_000;
const whileHidden = 30_000;

/** Keeps both up to date; they are fetched seldom, however much happens. */
export function useCounts(): void {
  const seen = revision.value;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const count = () => {
      timer = undefined;
      void countWaiting();
      if (may('executions:read')) void countUnsettled();
    };
    const soon = () => (timer ??= setTimeout(count, soonEnoughMs));
    count();
    const stop = onApproval(soon);
    const whileVisible = setInterval(() => !document.hidden && soon(), nowAndThen);
    // The title shows in another tab.
    const hidden = setInterval(() => document.hidden && soon(), whileHidden);
    return () => {
      stop();
      clearTimeout(timer);
      clearInterval(whileVisible);
      clearInterval(hidden);
    };
  }, [seen]);
}

async function countWaiting(): Promise<void> {
  const count = await client.approvals.countPending().catch(() => undefined);
  if (count !== undefined) waiting.value = count;
}

async function countUnsettled(): Promise<void> {
  const countOf = async (status: 'outcome_unknown' | 'awaiting_report') =>
    (await client.executions.list({ status, limit: 1 })).meta.total_count;
  const counts = await Promise.all([countOf('outcome_unknown'), countOf('awaiting_report')]).catch(() => undefined);
  if (counts) unsettled.value = counts.reduce((sum, each) => sum + each, 0);
}
