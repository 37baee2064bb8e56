import type { Execution } from '@countersign/contracts/executions';
import { emit, type EventData } from '@countersign/contracts';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, rejected, touch } from '@countersign/persistence';
import type { ExecutionMessage } from './messages.js';
import { callOf, fail, released, succeed, withdraw, withLastAttempt, type ExecutionTransition } from './state.js';

type Message<T extends ExecutionMessage['type']> = Extract<ExecutionMessage, { type: T }>;

/** Whoever made the call by hand says what came of it. */
export function report(execution: Execution, { by, outcome, result }: Message<'reported'>, now: EpochMillis) {
  const byThem = { ...execution, attempts: withLastAttempt(execution, { reported_by: by }) };
  const reported =
    outcome === 'succeeded'
      ? succeed(released(byThem, 'succeeded', null, now), result)
      : fail(released(byThem, 'failed', result, now), result);
  return saying(reported, { intervention: 'reported', outcome, note: null, by });
}

/** A person found out what came of the call. */
export function resolveUnknown(execution: Execution, { by, outcome, note }: Message<'settled'>, now: EpochMillis) {
  const resolved = touch(execution, now, { note, reconciled: { by, at: toEpochSeconds(now), note } });
  const found = `A person looked into it and found that the call ${outcome}: ${note}`;
  const settled = outcome === 'succeeded' ? succeed(resolved, found) : fail(resolved, found);
  return saying(settled, { intervention: 'settled', outcome, note, by });
}

/** A person wants it started again; what promises one start needs them to say that another one is all right. */
export function retry(execution: Execution, message: Message<'retried'>, now: EpochMillis): ExecutionTransition {
  if (execution.withdrawn !== null)
    return rejected('execution_withdrawn', `${execution.withdrawn}, so the call is not needed any more`);
  if (execution.terms.semantics !== 'idempotent' && !message.even_if_done) {
    return rejected(
      'may_be_done_twice',
      'the tool is started at most once, and the outcome of the previous start is unknown',
    );
  }
  const held_by = { code: 'retry', detail: `requested by ${message.by}`, until: toEpochSeconds(now) } as const;
  const next = { status: 'queued' as const, note: message.note, error: null, cancel: null, due_at: now, held_by };
  const { by, note } = message;
  const retried = changed(touch(execution, now, { ...next, retried_at: toEpochSeconds(now) }));
  return saying(retried, { intervention: 'retried', outcome: null, note, by });
}

/** Takes back what has not begun, and asks the worker of what has to stop it. */
export function cancel(execution: Execution, { by, reason }: Message<'cancel_requested'>, now: EpochMillis) {
  if (execution.cancel) return ignored('cancellation was already requested');
  const requested = touch(execution, now, { cancel: { by, at: toEpochSeconds(now), note: reason } });
  const cancelled =
    execution.status === 'running'
      ? changed(requested)
      : withdraw(requested, `not executed: ${by} cancelled it: ${reason}`, now);
  return saying(cancelled, { intervention: 'cancel_requested', outcome: null, note: reason, by });
}

type Intervention = Pick<EventData<'tool.execution_intervened'>, 'intervention' | 'outcome' | 'note' | 'by'>;

/** Also who did it, which no outcome says. */
const saying = (next: ExecutionTransition, intervention: Intervention): ExecutionTransition =>
  next.kind === 'changed'
    ? changed(next.state, ...next.events, emit('tool.execution_intervened', { ...callOf(next.state), ...intervention }))
    : next;
