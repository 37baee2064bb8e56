import { emit } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import type { Attempt, Execution } from '@countersign/contracts/executions';
import {
  backoffMs,
  toEpochMillis,
  toEpochSeconds,
  after,
  latest,
  type EpochMillis,
  type Millis,
} from '@countersign/contracts/time';
import { changed, rejected, touch } from '@countersign/persistence';
import { heldForCaller } from './begin.js';
import type { ExecutionMessage, WorkerMessage } from './messages.js';
import {
  callOf,
  fail,
  giveUp,
  is,
  isUnseen,
  awaitReconciliation,
  released,
  succeed,
  unseen,
  unsigned,
  withLastAttempt,
  type ExecutionTransition,
} from './state.js';

type Message<T extends ExecutionMessage['type']> = Extract<ExecutionMessage, { type: T }>;

/** A worker has it from now on: to make the call, or to ask the target what came of it. */
export function start(execution: Execution, message: Message<'claimed'>, now: EpochMillis): ExecutionTransition {
  const lease = leased(message.worker, message.lease_ms, now);
  if (execution.status === 'reconciling') return changed(touch(execution, now, lease));
  const problem = message.refusal ?? obstacle(execution, now);
  if (problem !== null) return giveUp(touch(execution, now, {}), `not executed: ${problem}`, now);
  const { made_by } = execution.terms;
  if (made_by === 'caller') return awaitCaller(execution, now);
  const byPerson = made_by === 'person';
  const who = { made_by, worker: byPerson ? null : message.worker };
  const began = touch(execution, now, {
    attempts: [...execution.attempts, attempt(execution.attempts.length + 1, who, now)],
    held_by: null,
    error: null,
    ...(byPerson ? { status: 'awaiting_report', due_at: null } : { status: 'running', ...lease }),
  });
  return changed(began, emit('tool.execution_started', { ...callOf(began), ...who, ...unsigned(began) }));
}

/** The agent that asked for it has it from now on, under a lease of its own. */
export function startByCaller(
  execution: Execution,
  { worker, by, lease_ms, refusal }: Message<'claimed_by_caller'>,
  now: EpochMillis,
): ExecutionTransition {
  const problem = refusal ?? obstacle(execution, now);
  if (problem !== null) return giveUp(touch(execution, now, {}), `not executed: ${problem}`, now);
  const who = { made_by: 'caller', worker } as const;
  const begun = { ...attempt(execution.attempts.length + 1, who, now), reported_by: by };
  const began = touch(execution, now, {
    attempts: [...execution.attempts, begun],
    held_by: null,
    error: null,
    status: 'running',
    ...leased(worker, lease_ms, now),
  });
  return changed(began, emit('tool.execution_started', { ...callOf(began), ...who, ...unsigned(began) }));
}

/** Why the call must not begin now, whoever wants to make it. */
function obstacle(execution: Execution, now: EpochMillis): string | null {
  const { terms, digest } = execution;
  if (callDigest(execution) !== digest) return 'the arguments are not the approved ones';
  if (terms.start_by !== null && terms.start_by <= toEpochSeconds(now)) return 'the time to begin it is over';
  return null;
}

const attempt = (number: number, who: Pick<Attempt, 'made_by' | 'worker'>, now: EpochMillis): Attempt => ({
  attempt: number,
  ...who,
  reported_by: null,
  started_at: toEpochSeconds(now),
  ended_at: null,
  outcome: null,
  begun: true,
  reason: null,
  late_report: null,
});

/** No worker of the executor makes it: it waits for its caller, until the time to begin it is over. */
function awaitCaller(execution: Execution, now: EpochMillis): ExecutionTransition {
  const { start_by } = execution.terms;
  const due_at = start_by === null ? null : toEpochMillis(start_by);
  return changed(touch(execution, now, { due_at, held_by: heldForCaller(execution.terms) }));
}

/** It cannot begin yet. @see ExecutionMessage */
export const postpone = (execution: Execution, { until, held_by }: Message<'postponed'>, now: EpochMillis) =>
  changed(touch(execution, now, { due_at: latest(until, now), held_by }));

/** What its worker says. */
export function endByWorker(execution: Execution, message: WorkerMessage, now: EpochMillis): ExecutionTransition {
  switch (message.type) {
    case 'lease_extended':
      return changed(
        touch(execution, now, { ...leased(message.worker, message.lease_ms, now), progress: message.progress }),
      );
    case 'succeeded':
      return execution.status === 'reconciling'
        ? succeed(asReported(execution, now), message.result)
        : succeed(released(execution, 'succeeded', null, now), message.result);
    case 'failed':
      return failOrRetry(execution, message, now);
    case 'lost':
      return execution.status === 'reconciling'
        ? awaitReconciliationUnannounced(execution, message.reason, now)
        : markOutcomeUnknown(execution, message.reason, now);
    case 'not_begun':
      // This is no evidence of the attempt in question.
      return execution.status === 'reconciling'
        ? awaitReconciliationUnannounced(execution, message.held_by.detail, now)
        : handBack(execution, message, now);
    default:
      return message satisfies never;
  }
}

const awaitReconciliationUnannounced = (execution: Execution, reason: string, now: EpochMillis): ExecutionTransition =>
  awaitReconciliation(touch(execution, now, {}), `${lastReason(execution)}; the target cannot tell: ${reason}`);

const lastReason = (execution: Execution): string =>
  unseen(execution)?.reason ?? 'the end of the call was not observed';

const asReported = (execution: Execution, now: EpochMillis): Execution =>
  touch(execution, now, { reconciled: { by: null, at: toEpochSeconds(now), note: null } });

/** It was not done. A retryable failure is retried, unless cancelled. */
function failOrRetry(execution: Execution, message: Message<'failed'>, now: EpochMillis): ExecutionTransition {
  if (execution.status === 'reconciling') return failAsReported(execution, message, now);
  const { error, retryable, retry_after_ms, covers, code = null } = message;
  const over = { ...released(execution, 'failed', error, now), error_code: code };
  if (retryable && isRetryable(over)) return requeue(over, error, retry_after_ms, now);
  // Where one start was promised, the target is not known to tell the starts of a call from others.
  const isFinalForCall = !retryable && covers === 'call' && execution.terms.semantics === 'idempotent';
  return isFinalForCall ? fail(over, error) : giveUp(over, error, now);
}

/**
 * The target was queried. That a call never arrived (it may be tried again) does not mean that it never will: the worker
 * may have been halted just before it, so where one start was promised a person has to look.
 */
function failAsReported(execution: Execution, message: Message<'failed'>, now: EpochMillis): ExecutionTransition {
  const { error, retryable, retry_after_ms, covers } = message;
  const isOfAll = covers === 'call' || execution.attempts.filter(isUnseen).length === 1;
  if (!retryable && isOfAll) return fail(asReported(execution, now), error);
  const { semantics } = execution.terms;
  // Once cancelled, it is not started again, only reconciled.
  return retryable && semantics === 'idempotent' && execution.error === null && isRetryable(execution)
    ? requeue(execution, error, retry_after_ms, now)
    : awaitReconciliation(touch(execution, now, {}), `${lastReason(execution)}; the target says: ${error}`);
}

/** The call began, and its end was not observed. */
export function markOutcomeUnknown(execution: Execution, reason: string, now: EpochMillis): ExecutionTransition {
  const interrupted = released(execution, 'outcome_unknown', reason, now);
  if (execution.terms.semantics === 'idempotent' && isRetryable(interrupted))
    return requeue(interrupted, reason, 0, now);
  if (execution.terms.can_reconcile) return changed({ ...interrupted, status: 'reconciling', due_at: now });
  return awaitReconciliation(interrupted, reason);
}

const starts = ({ attempts }: Execution): number => attempts.filter(({ begun }) => begun).length;

const isRetryable = (execution: Execution): boolean =>
  execution.cancel === null && execution.withdrawn === null && starts(execution) < execution.terms.max_attempts;

/** Nothing was done, so the attempt counts as no start, and the call is back where it was unless it is wanted no more. */
function handBack(
  execution: Execution,
  { until, held_by }: Message<'not_begun'>,
  now: EpochMillis,
): ExecutionTransition {
  const reason = `not begun: ${held_by.detail}`;
  const over = released(execution, 'failed', reason, now);
  const back = { ...over, attempts: withLastAttempt(over, { begun: false }) };
  const { cancel, withdrawn } = execution;
  if (withdrawn !== null) return giveUp(back, `not executed: ${withdrawn}`, now, 'cancelled');
  if (cancel !== null) return giveUp(back, `not executed: ${cancel.by} cancelled it: ${cancel.note}`, now, 'cancelled');
  return changed(touch(back, now, { status: 'queued', due_at: latest(until, now), held_by }));
}

/** Back into the queue with backoff, and not before the target requested. */
function requeue(execution: Execution, reason: string, requested_ms: Millis, now: EpochMillis): ExecutionTransition {
  const wait = backoffMs(execution.terms.retry, starts(execution) - 1);
  const due_at = after(now, Math.max(wait, sound(requested_ms)));
  const held_by = { code: 'retry', detail: reason, until: toEpochSeconds(due_at) } as const;
  return changed(touch(execution, now, { lease: null, due_at, held_by, status: 'queued' }));
}

const dayMs = 86_400_000;

/** The delay that the target requested, where it is a plausible one. */
const sound = (requested_ms: Millis): Millis => (requested_ms > 0 ? Math.ceil(Math.min(requested_ms, dayMs)) : 0);

/**
 * Too late to count, whatever has become of the call since; but whoever has to find out what came of it, or has found
 * something else, should know of it.
 */
export function noteLateReport(execution: Execution, message: WorkerMessage, now: EpochMillis): ExecutionTransition {
  const report = reportOf(message);
  const isTheirs = (attempt: Attempt) =>
    attempt.worker === message.worker && isUnseen(attempt) && attempt.late_report === null;
  if (report === null || !execution.attempts.some(isTheirs))
    return rejected('lease_lost', `${is(execution)}, not held by ${message.worker}`);
  const attempts = execution.attempts.map((each) => (isTheirs(each) ? { ...each, late_report: report } : each));
  return changed(touch(execution, now, { attempts }));
}

function reportOf(message: WorkerMessage): string | null {
  if (message.type === 'succeeded') return `succeeded: ${message.result}`;
  if (message.type === 'not_begun') return `not begun: ${message.held_by.detail}`;
  return message.type === 'failed' ? `failed: ${message.error}` : null;
}

const leased = (worker: string, lease_ms: Millis, now: EpochMillis) => ({
  lease: { worker, expires_at: after(now, lease_ms) },
  due_at: after(now, lease_ms),
});
