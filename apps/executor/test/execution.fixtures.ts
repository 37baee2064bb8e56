import type { Event, EventData } from '@countersign/contracts';
import type { Requirement, ToolExecution } from '@countersign/contracts/calls';
import type { Execution, ExecutionTerms } from '@countersign/contracts/executions';
import { toEpochSeconds, atMillis, after, type EpochMillis } from '@countersign/contracts/time';
import { goldenEvent } from '@countersign/testing';
import { decideExecution } from '../src/execution/execution.js';
import type { ExecutionMessage } from '../src/execution/messages.js';

/** Executions and messages for specifications; the approval is the golden one. */
export const now = atMillis(Date.parse('2026-09-01T09:31:02.500Z'));
export const nowSeconds = toEpochSeconds(now);
export const worker = 'worker-1';
export const lease_ms = 30_000;

/** At most once, with three attempts, and nobody to ask. */
export const terms: ExecutionTerms = {
  semantics: 'at_most_once',
  max_attempts: 3,
  retry: { first_ms: 1_000, longest_ms: 60_000 },
  made_by: 'worker',
  can_reconcile: false,
  not_before: null,
  start_by: null,
};

export interface Given {
  data?: Partial<EventData<'approval.resolved'>>;
  refusal?: string;
  unrecorded?: string;
  terms?: Partial<ExecutionTerms>;
  concurrency_key?: string;
}

export function approved({ data, refusal, unrecorded, terms: other, concurrency_key }: Given = {}): ExecutionMessage {
  const event = goldenEvent('approval.resolved');
  return {
    type: 'approved',
    event: { ...event, data: { ...event.data, ...data } },
    refusal: refusal ?? null,
    unrecorded: unrecorded ?? null,
    terms: { ...terms, ...other },
    concurrency_key: concurrency_key ?? null,
  };
}
export const idempotent = approved({ terms: { semantics: 'idempotent' } });
export const askable = approved({ terms: { can_reconcile: true } });
export const byPerson = approved({ terms: { made_by: 'person' } });
export const forged = approved({ data: { tool_args: { service_name: 'auth-service', version: '6.6.6' } } });
export const notAuthentic: ExecutionMessage = {
  type: 'not_authentic',
  id: 'refused-1',
  event: goldenEvent('approval.resolved'),
  reason: 'The decision is not signed.',
};
export const claimed: ExecutionMessage = { type: 'claimed', worker, lease_ms, refusal: null };
export const refused: ExecutionMessage = { ...claimed, refusal: 'The time to act on the decision is over.' };
export const postponed: ExecutionMessage = {
  type: 'postponed',
  until: after(now, 60_000),
  held_by: { code: 'change_window', detail: 'its change window', until: after(nowSeconds, 60) },
};
export const extended: ExecutionMessage = { type: 'lease_extended', worker, lease_ms, progress: null };
export const succeeded: ExecutionMessage = { type: 'succeeded', worker, result: 'Deployed.' };
export const failed: ExecutionMessage = {
  type: 'failed',
  worker,
  error: 'exit code 1',
  retryable: false,
  retry_after_ms: 0,
  covers: 'attempt',
};
export const failedForAll: ExecutionMessage = { ...failed, covers: 'call' };
export const failedForNow: ExecutionMessage = { ...failed, error: 'exit code 75', retryable: true };
export const lost: ExecutionMessage = { type: 'lost', worker, reason: 'ended by SIGKILL' };
export const notBegun: ExecutionMessage = {
  type: 'not_begun',
  worker,
  until: now,
  held_by: { code: 'kill_switch', detail: 'a kill switch was turned', until: null },
};
export const due: ExecutionMessage = { type: 'due' };
const by = 'ada';
export const reported = (outcome: 'succeeded' | 'failed'): ExecutionMessage => ({
  type: 'reported',
  by,
  outcome,
  result: 'I did it by hand.',
});
export const settled = (outcome: 'succeeded' | 'failed'): ExecutionMessage => ({
  type: 'settled',
  by,
  outcome,
  note: 'I looked.',
});
export const retried: ExecutionMessage = { type: 'retried', by, note: 'Nothing happened.', even_if_done: false };
export const retriedAnyway: ExecutionMessage = { ...retried, even_if_done: true };
export const cancelRequested: ExecutionMessage = { type: 'cancel_requested', by, reason: 'Not today.' };

export const runCancelled: Event<'run.cancelled'> = goldenEvent('run.cancelled');
const [requirement] = runCancelled.data.requirements as [Requirement];

/** The golden requirement, of a call that is another in this. */
export const requirementWith = (change: Partial<ToolExecution>): Requirement => ({
  ...requirement,
  tool_execution: { ...requirement.tool_execution, ...change },
});
export const runFailed: Event<'run.failed'> = {
  ...goldenEvent('run.failed'),
  data: { ...goldenEvent('run.failed').data, requirements: [requirement] },
};
export const cancelled: ExecutionMessage = { type: 'cancelled', event: runCancelled, requirement };
export const ended: ExecutionMessage = { type: 'cancelled', event: runFailed, requirement };

/** The execution after these messages, each of which must change it. */
export function executionAfter(...messages: readonly ExecutionMessage[]): Execution {
  return continued(undefined, now, ...messages);
}

export function continued(
  from: Execution | undefined,
  at: EpochMillis,
  ...messages: readonly ExecutionMessage[]
): Execution {
  let execution = from;
  for (const message of messages) {
    const transition = decideExecution(execution, message, at);
    if (transition.kind !== 'changed') throw new Error(`${message.type} is ${transition.kind}: ${transition.reason}`);
    execution = { ...transition.state, version: (execution?.version ?? 0) + 1 };
  }
  return execution!;
}
