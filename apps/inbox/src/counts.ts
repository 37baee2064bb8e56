import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { onApproval, revision } from './server/connection.js';
import { isMine } from './approvals/list/views.js';
import { client, me } from './server/client.js';
import { may, viewerOf } from './server/session.js';
import { delegations } from './server/stands-in-for.js';

/** How many approvals are pending, for whomever. */
export const pending = signal<number | undefined>(undefined);

/** How many wait for whoever is signed in, or for anybody where they only look; the title of the page begins with it. */
export const waiting = signal<number | undefined>(undefined);

/** How many executions need a person: to find out what came of them, or to make them. */
export const unsettled = signal<number | undefined>(undefined);

const soonEnoughMs = 400;
const nowAndThen = 5_000;
const whileHidden = 30_000;

/** Keeps both up to date; they are fetched seldom, however much happens. */
export function useCounts(): void {
  const seen = revision.value;
  const named = delegations.value;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let hasUpdates = true;
    const count = () => {
      timer = undefined;
      void countWaiting(hasUpdates);
      hasUpdates = false;
      if (may('executions:read')) void countUnsettled();
    };
    const soon = () => (timer ??= setTimeout(count, soonEnoughMs));
    count();
    const stop = onApproval(() => {
      hasUpdates = true;
      soon();
    });
    const whileVisible = setInterval(() => !document.hidden && soon(), nowAndThen);
    // The title shows in another tab.
    const hidden = setInterval(() => document.hidden && soon(), whileHidden);
    return () => {
      stop();
      clearTimeout(timer);
      clearInterval(whileVisible);
      clearInterval(hidden);
    };
  }, [seen, named]);
}

/** Of more than that it is not looked whose turn each is. */
const mostLookedAt = 200;

async function countWaiting(hasUpdates: boolean): Promise<void> {
  const count = await client.approvals.countPending().catch(() => undefined);
  if (count === undefined || (!hasUpdates && count === pending.peek())) return;
  const viewer = viewerOf(me.value!);
  const looksAtAll = viewer.mayDecide && count > 0 && count <= mostLookedAt;
  const page = looksAtAll
    ? await client.approvals.list({ status: 'pending', limit: mostLookedAt }).catch(() => undefined)
    : undefined;
  if (looksAtAll && !page) return;
  pending.value = count;
  waiting.value = page ? page.data.filter((each) => isMine(each, viewer)).length : count;
}

async function countUnsettled(): Promise<void> {
  const countOf = async (status: 'outcome_unknown' | 'awaiting_report') =>
    (await client.executions.list({ status, limit: 1 })).meta.total_count;
  const counts = await Promise.all([countOf('outcome_unknown'), countOf('awaiting_report')]).catch(() => undefined);
  if (counts) unsettled.value = counts.reduce((sum, each) => sum + each, 0);
}
