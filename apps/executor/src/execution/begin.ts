import { queueOwner, type Event } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import type { Execution, ExecutionTerms, HeldBy } from '@countersign/contracts/executions';
import { type EpochMillis, latest, toEpochMillis } from '@countersign/contracts/time';
import { changed, ignored, newRecord, touch } from '@countersign/persistence';
import type { EndOfRun, ExecutionMessage } from './messages.js';
import {
  awaitReconciliation,
  fail,
  is,
  isOver,
  resendAnswer,
  unseen,
  withdraw,
  type ExecutionTransition,
} from './state.js';

type Message<T extends ExecutionMessage['type']> = Extract<ExecutionMessage, { type: T }>;

/**
 * Takes an approved call on, unless it is not the call that was approved or there is another reason to refuse it. One
 * that may have been made before waits for a person to find out.
 */
export function accept(message: Message<'approved'>, now: EpochMillis): ExecutionTransition {
  const { event, refusal, unrecorded, terms, concurrency_key } = message;
  const execution = approved(event, { id: event.data.approval_id, terms, concurrency_key }, now);
  const isApproved = callDigest(event.data) === event.data.digest;
  if (isApproved && unrecorded !== null) return awaitReconciliation(execution, unrecorded);
  const problem = isApproved ? refusal : 'the arguments are not the approved ones';
  return problem === null ? changed(execution) : fail(execution, `not executed: ${problem}`);
}

/** A decision that is not authentic is recorded for people to look into, and no more. */
export const refuse = ({ id, event, reason }: Message<'not_authentic'>, now: EpochMillis): ExecutionTransition =>
  fail(approved(event, { id, terms: nothing, concurrency_key: null }, now), `not executed: ${reason}`);

/** What people have decided since holds for what has not begun. An old decision that comes again changes nothing. */
export function decideOtherwise(
  execution: Execution,
  { data }: Event<'approval.resolved'>,
  now: EpochMillis,
): ExecutionTransition {
  const isLater = data.resolved_at > (execution.decided_at ?? execution.created_at);
  const isWaiting = execution.status === 'queued' || execution.status === 'awaiting_report';
  if (!isLater || !isWaiting) return data.repeated ? resendAnswer(execution, now) : ignored(is(execution));
  const reason = `not executed: the approval was asked for once more, and is ${data.status} by another decision`;
  return withdraw({ ...execution, withdrawn: unseen(execution) ? reason : null }, reason, now);
}

/**
 * Its run has heard that it was approved, and waits for what came of it. There is no record of that, and from now on there is one, so
 * that the approval, should it still arrive, finds it void.
 */
export function answerWithoutRecord(
  { event, unrecorded }: Message<'decided_otherwise'>,
  now: EpochMillis,
): ExecutionTransition {
  const { approval_id: id, run_began_at, status } = event.data;
  if (run_began_at === null) return ignored('there is nothing to take back');
  const undecided = { decision: null, approved_by: null };
  const execution = { ...approved(event, { id, terms: nothing, concurrency_key: null }, now), ...undecided };
  return unrecorded === null
    ? fail(execution, `not executed: its approval is ${status}`, 'cancelled')
    : awaitReconciliation(execution, unrecorded);
}

/**
 * What has not begun never will; its run waits for nothing any more, and the event is for who watches. What has begun
 * is let run, and is not tried again.
 */
export function takeBack(execution: Execution, event: EndOfRun, now: EpochMillis): ExecutionTransition {
  if (isOver(execution) || execution.withdrawn !== null) return ignored(is(execution));
  const isWaiting = execution.status === 'queued' || execution.status === 'awaiting_report';
  return isWaiting
    ? withdraw({ ...execution, withdrawn: unseen(execution) ? why(event) : null }, `not executed: ${why(event)}`, now)
    : changed(touch(execution, now, { withdrawn: why(event) }));
}

/** The run was over before the approval arrived: keep a record, so that the approval finds it void. */
export function takeBackBeforeApproval(
  { event, requirement }: Message<'cancelled'>,
  now: EpochMillis,
): ExecutionTransition {
  const { run_id, user_id, requested_by } = event.data;
  const { tool_call_id, tool_name, tool_args, approval_id, redact } = requirement.tool_execution;
  const call = { run_id, tool_call_id, tool_name, tool_args };
  const id = approval_id ?? requirement.id;
  const undecided = { decision: null, approved_by: null, decided_at: null };
  const about = { id, approval_id: id, redact, ...undecided, requester: user_id, requested_by };
  const unbound = { policy_version: null, tool_version: null, expires_at: null, terms: nothing, concurrency_key: null };
  const fields = {
    ...unbound,
    traceparent: event.traceparent,
    tracestate: event.tracestate,
    digest: callDigest(call),
    salt: null,
    preview_digest: null,
  };
  const execution = queued({ ...call, ...about, ...fields }, now);
  return changed({ ...execution, status: 'cancelled', error: `not executed: ${why(event)}`, due_at: null });
}

const why = ({ type }: EndOfRun): string => `its run ${type === 'run.cancelled' ? 'was cancelled' : 'ended'}`;

/** Of what is not made at all. */
export const nothing: ExecutionTerms = {
  semantics: 'at_most_once',
  max_attempts: 1,
  retry: { first_ms: 1_000, longest_ms: 1_000 },
  made_by: 'worker',
  can_reconcile: false,
  not_before: null,
  start_by: null,
};

function approved(
  { data, traceparent, tracestate }: Event<'approval.resolved'>,
  fields: Pick<Execution, 'id' | 'terms' | 'concurrency_key'>,
  now: EpochMillis,
): Execution {
  const { approval_id, run_id, tool_call_id, tool_name, tool_args, tool_version, redact, digest, salt } = data;
  const { preview_digest } = data;
  const named = { approval_id, run_id, tool_call_id, tool_name, tool_args, tool_version };
  const call = { ...named, redact, digest, salt, preview_digest };
  const { signature, resolved_by, resolved_at, requester, requested_by, policy_version, expires_at } = data;
  const requested = { requester, requested_by, policy_version, expires_at };
  const decided = { decision: signature, approved_by: resolved_by, decided_at: resolved_at };
  const of = { ...requested, ...decided, traceparent, tracestate };
  return queued({ ...call, ...of, ...fields }, now);
}

type Known =
  | 'id'
  | 'approval_id'
  | 'run_id'
  | 'tool_call_id'
  | 'tool_name'
  | 'tool_args'
  | 'redact'
  | 'tool_version'
  | 'digest'
  | 'salt'
  | 'preview_digest'
  | 'decision'
  | 'approved_by'
  | 'decided_at'
  | 'requester'
  | 'requested_by'
  | 'policy_version'
  | 'expires_at'
  | 'terms'
  | 'concurrency_key'
  | 'traceparent'
  | 'tracestate';

const heldByWait = ({ not_before }: ExecutionTerms, now: EpochMillis): HeldBy | null =>
  not_before !== null && toEpochMillis(not_before) > now
    ? { code: 'wait', detail: 'the wait after the approval', until: not_before }
    : null;

/** It waits for the agent that asked. */
export const heldForCaller = ({ made_by, start_by }: ExecutionTerms): HeldBy | null =>
  made_by === 'caller'
    ? { code: 'caller', detail: 'the agent that requested it, which makes it and has not begun', until: start_by }
    : null;

/** A new execution; a wait after the approval is counted from the approval. */
const queued = (known: Pick<Execution, Known>, now: EpochMillis): Execution => ({
  ...newRecord(now),
  ...known,
  status: 'queued',
  held_by: heldByWait(known.terms, now) ?? heldForCaller(known.terms),
  attempts: [],
  progress: null,
  result: null,
  error: null,
  error_code: null,
  note: null,
  retried_at: null,
  reconciled: null,
  cancel: null,
  withdrawn: null,
  lease: null,
  queue_owner: queueOwner(known.requester, known.requested_by),
  due_at: firstDue(known.terms, now),
});

/** What its caller makes is due only when the time to begin it is over. */
function firstDue({ made_by, not_before, start_by }: ExecutionTerms, now: EpochMillis): EpochMillis | null {
  if (made_by === 'caller') return start_by === null ? null : toEpochMillis(start_by);
  return not_before === null ? now : latest(now, toEpochMillis(not_before));
}
