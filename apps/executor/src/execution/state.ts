import { emit, type EventData } from '@countersign/contracts';
import type { Attempt, Execution } from '@countersign/contracts/executions';
import type { ProblemCode } from '@countersign/contracts/problems';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, touch, type Transition } from '@countersign/persistence';

/** What the decisions about executions are made of. */

/** Why a message is refused. All but the first, which only a worker hears, are answered over HTTP too. */
export type ExecutionRejection = 'lease_lost' | PeoplesRejection;
type PeoplesRejection = Extract<
  ProblemCode,
  'execution_not_found' | 'execution_withdrawn' | 'may_be_done_twice' | 'outcome_unknown' | 'wrong_execution_state'
>;
export type ExecutionTransition = Transition<Execution, ExecutionRejection>;

/** Over, and nothing changes it any more. */
export const isOver = ({ status }: Pick<Execution, 'status'>): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';

export const is = ({ status }: Execution): string => `the execution is ${status}`;
export const isDue = ({ due_at }: Execution, now: EpochMillis): boolean => due_at !== null && due_at <= now;

/** Whether this is the worker that has it now. */
export const holds = ({ status, lease }: Execution, worker: string): boolean =>
  (status === 'running' || status === 'reconciling') && lease?.worker === worker;

/** Whether an attempt was this worker's: what it says of that one is no word on another. */
export const hasHeld = ({ attempts }: Pick<Execution, 'attempts'>, name: string): boolean =>
  attempts.some(({ worker }) => worker === name);

/** The last attempt changed. */
export const withLastAttempt = ({ attempts }: Execution, change: Partial<Attempt>): Attempt[] =>
  attempts.map((attempt, n) => (n === attempts.length - 1 ? { ...attempt, ...change } : attempt));

/** Without a lease: the attempt under way is over, in this way. */
export function released(
  execution: Execution,
  outcome: NonNullable<Attempt['outcome']>,
  reason: string | null,
  now: EpochMillis,
): Execution {
  const attempts = withLastAttempt(execution, { outcome, reason, ended_at: toEpochSeconds(now) });
  return touch(execution, now, { attempts, lease: null, due_at: null, progress: null });
}

type CallOfExecution = Omit<EventData<'tool.execution_started'>, 'made_by' | 'worker' | 'digest' | 'signature'>;

export const callOf = ({ id, approval_id, run_id, tool_call_id, tool_name, attempts }: Execution): CallOfExecution => ({
  run_id,
  approval_id,
  execution_id: id,
  tool_call_id,
  tool_name,
  attempt: attempts.length,
});

/** What a start or a result is signed with is added when it is stored. */
export const unsigned = ({ digest }: Execution) => ({ digest, signature: null });
const idle = { lease: null, due_at: null, held_by: null, progress: null };

export const succeed = (execution: Execution, result: string): ExecutionTransition =>
  changed(
    { ...execution, ...idle, status: 'succeeded', result, error: null },
    emit('tool.execution_completed', { ...callOf(execution), result, ...unsigned(execution) }),
  );

export const fail = (
  execution: Execution,
  error: string,
  status: 'failed' | 'cancelled' = 'failed',
): ExecutionTransition =>
  changed(
    { ...execution, ...idle, status, error },
    emit('tool.execution_failed', { ...callOf(execution), error, code: codeOf(execution), ...unsigned(execution) }),
  );

/** Of what may have been made nothing of that kind is said: whoever hears it asks for the call once more. */
const codeOf = (execution: Execution): Execution['error_code'] => (unseen(execution) ? null : execution.error_code);

/** Waits for a person to find out. */
export const awaitReconciliation = (execution: Execution, reason: string): ExecutionTransition =>
  changed(
    { ...execution, ...idle, status: 'outcome_unknown', error: reason },
    emit('tool.execution_outcome_unknown', { ...callOf(execution), reason, ...unsigned(execution) }),
  );

export const isUnseen = ({ outcome }: Attempt): boolean => outcome === 'outcome_unknown';

/** The start with unknown outcome, if there was one: whatever became of later ones, it may have made the call. */
export const unseen = ({ attempts }: Pick<Execution, 'attempts'>): Attempt | undefined => attempts.findLast(isUnseen);

/** It is not started any more. That nothing was done is certain only when the end of every start was observed. */
export function giveUp(
  execution: Execution,
  error: string,
  now: EpochMillis,
  status?: 'failed' | 'cancelled',
): ExecutionTransition {
  const before = unseen(execution);
  if (!before) return fail(execution, error, status);
  if (!execution.terms.can_reconcile) return awaitReconciliation(execution, `${before.reason}; after that: ${error}`);
  return changed({ ...execution, ...idle, status: 'reconciling', due_at: now, error });
}

/** It will not be made any more. */
export function withdraw(execution: Execution, error: string, now: EpochMillis): ExecutionTransition {
  const isWithPerson = execution.status === 'awaiting_report';
  const over = isWithPerson ? released(execution, 'failed', error, now) : touch(execution, now, {});
  return giveUp(over, error, now, 'cancelled');
}

/** Its run has resent the request, so the answer was lost: the same event is published again. */
export function resendAnswer(execution: Execution, now: EpochMillis): ExecutionTransition {
  const known = touch(execution, now, {});
  const { status, result, error } = execution;
  switch (status) {
    case 'succeeded':
      return succeed(known, result ?? '');
    case 'failed':
    case 'cancelled':
      return fail(known, error ?? '', status);
    case 'outcome_unknown':
      return awaitReconciliation(known, error ?? '');
    default:
      return ignored(is(execution));
  }
}

/** Characters of an outcome that the log is sure to take. */
const brief = 1_000;

/** The event of the outcome can never be published: the record keeps it whole, and its run gets the beginning. */
export function setReason(execution: Execution, reason: string, now: EpochMillis): ExecutionTransition {
  const { status, result, error } = execution;
  const text = (status === 'succeeded' ? result : error) ?? '';
  if (!isOver(execution) || text.length <= brief) return ignored(is(execution));
  const shortened = `${text.slice(0, brief)} … (not_publishable: the log does not take the rest: ${reason}; it is in execution ${execution.id})`;
  const known = touch(execution, now, {});
  const ended =
    status === 'succeeded'
      ? succeed(known, shortened)
      : fail(known, shortened, status === 'failed' ? 'failed' : 'cancelled');
  return ended.kind === 'changed' ? { ...ended, state: known } : ended;
}
