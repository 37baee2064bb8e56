import { isFinishedStatus, type Call, type Run } from '@countersign/contracts/runs';
import { after, toEpochMillis, type EpochMillis, type Millis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import { changed, ignored, touch } from '@countersign/persistence';
import { approvalRequired, isOpen, isUnsettled } from '../run/call.js';
import { asRequested } from '../run/failures/asked-again.js';
import { endOf, type RunTransition } from '../run/states.js';

/** What a run waits for of others: a decision, or what came of a call. One that is over waits to hear how its calls ended. */
export function awaited({ status, calls }: Run): Call[] {
  if (isFinishedStatus(status)) return calls.filter(isUnsettled);
  return status === 'PAUSED' ? calls.filter((call) => isOpen(call) && call.tool_execution.approval_type !== null) : [];
}

export interface Silence {
  afterMs: Millis;
  /** When what holds was said last: what was published before may be on no log. */
  replacedAt?: EpochMillis;
}

/**
 * Whether nothing has happened to a run for so long that what it waits for is asked for again: after a while, and then
 * each time after twice as long, since most of what takes long is a person. At once, if it was before the log or the store was replaced.
 */
export function isSilent(run: Run, { afterMs, replacedAt }: Silence, now: EpochMillis): boolean {
  if (replacedAt !== undefined && toEpochMillis(run.updated_at) < replacedAt) return awaited(run).length > 0;
  const since = toEpochMillis(run.finished_at ?? run.created_at);
  const age = toEpochMillis(run.updated_at) - since;
  return awaited(run).length > 0 && after(toEpochMillis(run.updated_at), Math.max(afterMs, age)) <= now;
}

const notSilent = ignored('an event arrived lately, or it waits for nothing');

/**
 * Requests the approvals that it waits for once more, under the same ids. What was lost of a request, a decision or a result
 * comes again, since whoever knows more says it again; to anybody else it is a duplicate.
 */
export function resendRequests(run: Run, agent: Agent, silence: Silence, now: EpochMillis): RunTransition {
  if (!isSilent(run, silence, now)) return notSilent;
  const asked = touch(run, now, {});
  return changed(asked, ...awaited(run).map((call) => approvalRequired(asked, agent, asRequested(call), '', true)));
}

/**
 * Says once more that it is over, naming the calls whose end it does not know. What is pending or has not begun is taken back, should
 * those events have been lost, and what has ended is said again.
 */
export function resendEnd(run: Run, silence: Silence, now: EpochMillis): RunTransition {
  if (!isSilent(run, silence, now)) return notSilent;
  const repeated = touch(run, now, {});
  return changed(repeated, endOf(repeated, run.error, awaited(run), true));
}
