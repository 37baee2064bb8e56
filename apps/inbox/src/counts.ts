import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { onApproval, revision } from './server/connection.js';
import { read } from './server/request.js';
import { may } from './server/session.js';

/** How many approvals wait; the title of the page begins with it. */
export const waiting = signal<number | undefined>(undefined);

/** How many executions need a person: to find out what came of them, or to make them. */
export const unsettled = signal<number | undefined>(undefined);

const soonEnough = 400;
const whileHidden = 30_000;
const nowAndThen = 5_000;

/** Keeps both up to date; they are asked for seldom, however much happens. */
export function useCounts(): void {
  const seen = revision.value;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const count = async () => {
      timer = undefined;
      const answer = await read<{ count: number }>('/approvals/count').catch(() => undefined);
      if (answer) waiting.value = answer.count;
    };
    const soon = () => (timer ??= setTimeout(() => void count(), soonEnough));
    void count();
    const stop = onApproval(soon);
    // Nobody tells a page that is hidden, and its title is what somebody elsewhere sees.
    const inBackground = setInterval(() => document.hidden && soon(), whileHidden);
    return () => {
      stop();
      clearTimeout(timer);
      clearInterval(inBackground);
    };
  }, [seen]);

  useEffect(() => {
    if (!may('executions:read')) return undefined;
    const count = () => !document.hidden && void countUnsettled();
    count();
    const timer = setInterval(count, nowAndThen);
    return () => clearInterval(timer);
  }, [seen]);
}

async function countUnsettled(): Promise<void> {
  const countOf = (status: string) =>
    read<{ meta: { total_count: number } }>(`/executions?status=${status}&limit=1`).then(
      ({ meta }) => meta.total_count,
    );
  const counts = await Promise.all(['outcome_unknown', 'awaiting_report'].map(countOf)).catch(() => undefined);
  if (counts) unsettled.value = counts.reduce((sum, each) => sum + each, 0);
}
