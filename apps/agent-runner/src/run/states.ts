import { emit, type NewEvent } from '@countersign/contracts';
import type { ProblemCode } from '@countersign/contracts/problems';
import type { Call, JournalEntry, Run, RunErrorCode } from '@countersign/contracts/runs';
import { toEpochSeconds, after, earliest, type EpochMillis, type Millis } from '@countersign/contracts/time';
import { changed, touch, type Transition } from '@countersign/persistence';
import { unsigned, who } from './event-data.js';
import { isUnsettled, openCalls, shownTo } from './call.js';
import { truncate, withEveryCallAnswered } from './conversation.js';

/** Why a message is refused, for programs. */
export type RunRejection =
  | 'arguments_changed'
  | 'calls_open'
  | 'decided_by_approval'
  | 'lease_lost'
  | 'not_due'
  | Extract<ProblemCode, 'call_not_found' | 'run_not_found' | 'run_over'>;
export type RunTransition = Transition<Run, RunRejection>;

/** Characters of an answer that its event tells; the record has all of it. */
const maxText = 100_000;

export const call = ({ calls }: Run, id: string): Call => calls.find((each) => each.id === id)!;
export const log = (run: Run, now: EpochMillis, entry: Omit<JournalEntry, 'at'>): Run => ({
  ...run,
  journal: [...run.journal, { at: toEpochSeconds(now), ...entry }],
});

export const idle = { lease: null, working_since_ms: null } as const;
/** No worker holds the run any more; one whose lease ran out counts as having worked until then. */
export function rested({ worked_ms, working_since_ms, lease }: Run, now: EpochMillis) {
  const until = earliest(now, lease?.expires_at ?? now);
  return { ...idle, worked_ms: worked_ms + Math.max(0, until - (working_since_ms ?? until)) };
}
/** For a worker, from then on, or from the deadline, which ends it. */
export const waiting = (run: Run, now: EpochMillis, due = now) =>
  ({ ...rested(run, now), status: 'PENDING', due_at: earliest(due, run.deadline_at ?? due) }) as const;
export const leased = (worker: string, lease_ms: Millis, now: EpochMillis) =>
  ({ status: 'RUNNING', lease: { worker, expires_at: after(now, lease_ms) }, due_at: after(now, lease_ms) }) as const;
/** Ended in this way. Open calls are answered so, and the conversation stays valid for a model. */
export const over = (
  run: Run,
  status: 'COMPLETED' | 'CANCELLED' | 'ERROR',
  now: EpochMillis,
  change: Partial<Run>,
): Run =>
  log(
    touch(run, now, {
      ...rested(run, now),
      items: withEveryCallAnswered(run.items, `Not answered: the run ended (${status}) before that.`),
      ...change,
      status,
      due_at: null,
      waiting_since: null,
      finished_at: toEpochSeconds(now),
      unsettled: run.calls.some(isUnsettled),
    }),
    now,
    { type: 'over' },
  );

/** That it ended, naming the calls that others may still decide or make. */
export function endOf(run: Run, reason: string | null, open: readonly Call[], repeated = false): NewEvent {
  const about = { ...who(run), requirements: shownTo(open), repeated, ...unsigned };
  return run.status === 'ERROR'
    ? emit('run.failed', { ...about, error: truncate(reason ?? '', maxText) })
    : emit('run.cancelled', { ...about, reason });
}

export function fail(run: Run, error: string, now: EpochMillis, error_code: RunErrorCode): RunTransition {
  const ended = over(run, 'ERROR', now, { error, error_code });
  return changed(ended, endOf(ended, error, openCalls(ended)));
}

export function complete(run: Run, content: string, now: EpochMillis): RunTransition {
  const ended = over(run, 'COMPLETED', now, { content, error_code: null });
  return changed(
    ended,
    emit('run.completed', {
      ...who(run),
      content: truncate(content, maxText),
      steps: run.steps,
      usage: run.usage,
      ...unsigned,
    }),
  );
}
