import {
  callDigest,
  emit,
  type Approval,
  type ApprovalStatus,
  type Decision,
  type Event,
  type EventData,
  type NewEvent,
  type Requirement,
  type ResolutionData,
  type RunStatus,
  type Verdict,
} from '@countersign/contracts';
import { changed, ignored, rejected, type Transition } from '@countersign/persistence';

/**
 * The life of an approval.
 *
 * ```
 *                 ┌─ enough people approve ──► approved
 *  (required) ──► pending ─ somebody rejects ► rejected
 *                 ├─ its time is up ─────────► expired
 *                 └─ its run is cancelled ───► cancelled
 * ```
 *
 * It leaves `pending` once, and says so with one `approval.resolved`.
 */
export type ApprovalMessage =
  | { type: 'required'; event: Event<'tool.approval_required'>; terms: Terms }
  | { type: 'decided'; verdict: Verdict; by: string | null; resolution_data: ResolutionData | null }
  /** A cancelled run still waited for this; the request for it may not have arrived yet. */
  | { type: 'void'; event: Event<'run.cancelled'>; requirement: Requirement }
  | { type: 'due' }
  | { type: 'removed' }
  | Event<'run.completed'>
  | Event<'run.failed'>
  | Event<'run.cancelled'>;

/** The conditions of an approval, fixed when it is asked for. */
export interface Terms {
  required_approvals: number;
  /** How long a decision may take, in seconds; `null` for as long as it takes. */
  expires_in: number | null;
}

export function decideApproval(
  approval: Approval | undefined,
  message: ApprovalMessage,
  now: number,
): Transition<Approval> {
  if (message.type === 'required') {
    return approval ? ignored('the approval exists') : require(message.event, message.terms, now);
  }
  if (message.type === 'void') return approval ? follow(approval, 'CANCELLED', now) : stillborn(message, now);
  if (!approval) return rejected('there is no such approval');

  switch (message.type) {
    case 'decided':
      return approval.status === 'pending'
        ? record(approval, message, now)
        : rejected(`already resolved: ${approval.status}`);
    case 'due':
      return expire(approval, now);
    case 'run.cancelled':
      return follow(approval, 'CANCELLED', now);
    case 'run.completed':
      return follow(approval, 'COMPLETED', now);
    case 'run.failed':
      return follow(approval, 'ERROR', now);
    case 'removed':
      return remove(approval, now);
    default:
      return message satisfies never;
  }
}

function require(
  { data, traceparent }: Event<'tool.approval_required'>,
  terms: Terms,
  now: number,
): Transition<Approval> {
  const { approval_id, requirement, ...asked } = data;
  const approval = newApproval({ ...asked, id: approval_id, requirements: [requirement], traceparent }, terms, now);
  return changed(approval, emit('approval.created', approval));
}

/** The run was cancelled before its request arrived: keep the record, so that the request finds it void. */
function stillborn(
  { event, requirement }: Extract<ApprovalMessage, { type: 'void' }>,
  now: number,
): Transition<Approval> {
  const { run_id, agent_id, session_id, user_id } = event.data;
  const { tool_call_id, tool_name, tool_args, approval_type } = requirement.tool_execution;
  const asked: Asked = {
    id: requirement.id,
    run_id,
    agent_id,
    session_id,
    user_id,
    tool_call_id,
    tool_name,
    tool_args,
    approval_type,
    pause_type: 'external_execution',
    source_name: agent_id,
    requirements: [requirement],
    context: {},
    digest: callDigest({ run_id, tool_call_id, tool_name, tool_args }),
    traceparent: event.traceparent,
  };
  const approval = newApproval(asked, { required_approvals: 1, expires_in: null }, now);
  return resolved({ ...approval, run_status: 'CANCELLED' }, 'cancelled', nobody, now);
}

/** What a request says; the rest of a new record follows. */
type Asked = Pick<
  Approval,
  | 'id'
  | 'run_id'
  | 'agent_id'
  | 'session_id'
  | 'user_id'
  | 'tool_call_id'
  | 'tool_name'
  | 'tool_args'
  | 'approval_type'
  | 'pause_type'
  | 'source_name'
  | 'requirements'
  | 'context'
  | 'digest'
  | 'traceparent'
>;

function newApproval(asked: Asked, { required_approvals, expires_in }: Terms, now: number): Approval {
  const expires_at = expires_in === null ? null : seconds(now) + expires_in;
  return {
    ...asked,
    status: 'pending',
    source_type: 'agent',
    expires_at,
    team_id: null,
    workflow_id: null,
    schedule_id: null,
    schedule_run_id: null,
    resolution_data: null,
    resolved_by: null,
    resolved_at: null,
    run_status: 'PAUSED',
    decisions: [],
    required_approvals,
    deleted_at: null,
    due_at: expires_at === null ? null : expires_at * 1000,
    version: 0,
    created_at: seconds(now),
    updated_at: seconds(now),
  };
}

type Decided = Extract<ApprovalMessage, { type: 'decided' }>;

function record(approval: Approval, { verdict, by, resolution_data }: Decided, now: number): Transition<Approval> {
  if (approval.expires_at !== null && approval.expires_at <= seconds(now)) return expire(approval, now);
  if (by === null && approval.required_approvals > 1)
    return rejected('several people must decide, so each has to say who decides');
  if (by !== null && approval.decisions.some((decision) => decision.by === by)) {
    return rejected(`${by} has decided on this before, and each person counts once`);
  }
  const decision: Decision = { verdict, by, at: seconds(now), note: resolution_data?.note ?? null };
  const decisions = [...approval.decisions, decision];
  const approvals = decisions.filter((each) => each.verdict === 'approved').length;
  const decided = touch(approval, now, { decisions });
  const recorded = emit('approval.decision_recorded', {
    ...callOf(approval),
    decision,
    approvals,
    required_approvals: approval.required_approvals,
  });
  if (verdict === 'rejected') return resolved(decided, 'rejected', { by, resolution_data }, now, recorded);
  if (approvals < approval.required_approvals) return changed(decided, recorded);
  return resolved(decided, 'approved', { by, resolution_data }, now, recorded);
}

function expire(approval: Approval, now: number): Transition<Approval> {
  const isDue = approval.status === 'pending' && approval.due_at !== null && approval.due_at <= now;
  return isDue ? resolved(approval, 'expired', nobody, now) : ignored('nothing is due');
}

/** Keeps the status of the run beside the approval, and voids what a cancelled run still asked for. */
function follow(approval: Approval, run_status: RunStatus, now: number): Transition<Approval> {
  const followed = touch(approval, now, { run_status });
  if (run_status === 'CANCELLED' && approval.status === 'pending') return resolved(followed, 'cancelled', nobody, now);
  return approval.run_status === run_status ? ignored('this is known') : changed(followed);
}

/** Hides the record. Removing one that is pending voids it first, so that its run does not wait for ever. */
function remove(approval: Approval, now: number): Transition<Approval> {
  if (approval.deleted_at !== null) return ignored('it is removed');
  const removed = { ...approval, deleted_at: seconds(now) };
  return approval.status === 'pending' ? resolved(removed, 'cancelled', nobody, now) : changed(touch(removed, now, {}));
}

interface Resolution {
  by: string | null;
  resolution_data: ResolutionData | null;
}
const nobody: Resolution = { by: null, resolution_data: null };

function resolved(
  approval: Approval,
  status: Exclude<ApprovalStatus, 'pending'>,
  { by, resolution_data }: Resolution,
  now: number,
  ...before: readonly NewEvent[]
): Transition<Approval> {
  const resolved_at = seconds(now);
  const state = touch(approval, now, { status, resolution_data, resolved_by: by, resolved_at, due_at: null });
  const { tool_args, approval_type, pause_type, digest } = state;
  const data: EventData<'approval.resolved'> = {
    ...callOf(state),
    tool_args,
    approval_type,
    pause_type,
    digest,
    status,
    automatic: false,
    resolution_data,
    resolved_by: by,
    resolved_at,
  };
  return changed(state, ...before, emit('approval.resolved', data));
}

const callOf = ({ id, run_id, tool_call_id, tool_name }: Approval) => ({
  run_id,
  approval_id: id,
  tool_call_id,
  tool_name,
});
const seconds = (ms: number): number => Math.floor(ms / 1000);
const touch = (approval: Approval, now: number, change: Partial<Approval>): Approval => ({
  ...approval,
  ...change,
  updated_at: seconds(now),
});
