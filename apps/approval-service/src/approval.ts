import {
  emit,
  redactApproval,
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
import { askedBefore, askedBy, newApproval, type Terms } from './asked.js';
import { decidedCall, filledIn, inputProblems } from './user-input.js';

/**
 * The life of an approval.
 *
 * ```
 *                 ┌─ enough people approve ──► approved
 *  (required) ──► pending ─ somebody rejects ► rejected
 *      │          ├─ its time is up ─────────► expired
 *      │          └─ its run is over ────────► cancelled
 *      └─ an audit, which asks nobody ───────► approved
 * ```
 *
 * It leaves `pending` once, and says so with one `approval.resolved`.
 */
export type ApprovalMessage =
  | { type: 'required'; event: Event<'tool.approval_required'>; terms: Terms }
  | { type: 'decided'; verdict: Verdict; by: string | null; resolution_data: ResolutionData | null }
  /** A run that is over still waited for this; the request for it may not have arrived yet. */
  | { type: 'void'; event: Event<'run.failed'> | Event<'run.cancelled'>; requirement: Requirement }
  | { type: 'due' }
  | { type: 'removed' }
  | Event<'run.completed'>
  | Event<'run.failed'>
  | Event<'run.cancelled'>;

const statusAfter = {
  'run.completed': 'COMPLETED',
  'run.failed': 'ERROR',
  'run.cancelled': 'CANCELLED',
} as const satisfies Partial<Record<Event['type'], RunStatus>>;

export function decideApproval(
  approval: Approval | undefined,
  message: ApprovalMessage,
  now: number,
): Transition<Approval> {
  if (message.type === 'required') {
    return approval ? ignored('the approval exists') : require(message.event, message.terms, now);
  }
  if (message.type === 'void') {
    return approval ? follow(approval, statusAfter[message.event.type], now) : stillborn(message, now);
  }
  if (!approval) return rejected('there is no such approval');

  switch (message.type) {
    case 'decided':
      return approval.status === 'pending'
        ? record(approval, message, now)
        : rejected(`already resolved: ${approval.status}`);
    case 'due':
      return expire(approval, now);
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
      return follow(approval, statusAfter[message.type], now);
    case 'removed':
      return remove(approval, now);
    default:
      return message satisfies never;
  }
}

/** Asks for a decision. An audit asks nobody: the record of the call is all that is wanted. */
function require(event: Event<'tool.approval_required'>, terms: Terms, now: number): Transition<Approval> {
  const approval = newApproval(askedBy(event), terms, seconds(now));
  const created = emit('approval.created', redactApproval(approval));
  return approval.approval_type === 'audit'
    ? resolved(approval, 'approved', { ...nobody, automatic: true }, now, created)
    : changed(approval, created);
}

/** The run was over before its request arrived: keep the record, so that the request finds it void. */
function stillborn(
  { event, requirement }: Extract<ApprovalMessage, { type: 'void' }>,
  now: number,
): Transition<Approval> {
  const terms: Terms = { required_approvals: 1, expires_in: null };
  const approval = newApproval(askedBefore(event, requirement), terms, seconds(now));
  return resolved({ ...approval, run_status: statusAfter[event.type] }, 'cancelled', nobody, now);
}

type Decided = Extract<ApprovalMessage, { type: 'decided' }>;

function record(approval: Approval, message: Decided, now: number): Transition<Approval> {
  const { verdict, by, resolution_data } = message;
  if (approval.expires_at !== null && approval.expires_at <= seconds(now)) return expire(approval, now);
  const refusal = refusalOf(approval, message);
  if (refusal !== null) return rejected(refusal);
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
  if (approvals < approval.required_approvals) return changed(proposed(decided, resolution_data), recorded);
  return resolved(decided, 'approved', { by, resolution_data }, now, recorded);
}

/** Why a verdict does not count, if it does not. */
function refusalOf(approval: Approval, decided: Decided): string | null {
  const problems = inputProblems(approval, decided);
  if (problems.length > 0)
    return `the values do not fit: ${problems.map(({ path, message }) => `${path}: ${message}`).join('; ')}`;
  if (decided.by === null)
    return approval.required_approvals > 1 ? 'several people must decide, so each has to say who decides' : null;
  return approval.decisions.some(({ by }) => by === decided.by)
    ? `${decided.by} has decided on this before, and each person counts once`
    : null;
}

/** Values that one of several people approved stay with the record, for the others to see and approve. */
function proposed(approval: Approval, resolution_data: ResolutionData | null): Approval {
  const values = approval.pause_type === 'user_input' ? resolution_data?.values : undefined;
  return values ? { ...approval, resolution_data: { values } } : approval;
}

function expire(approval: Approval, now: number): Transition<Approval> {
  const isDue = approval.status === 'pending' && approval.due_at !== null && approval.due_at <= now;
  return isDue ? resolved(approval, 'expired', nobody, now) : ignored('nothing is due');
}

/** Keeps the status of the run beside the approval, and voids what a run that is over still asked for. */
function follow(approval: Approval, run_status: RunStatus, now: number): Transition<Approval> {
  const followed = touch(approval, now, { run_status });
  if (approval.status === 'pending') return resolved(followed, 'cancelled', nobody, now);
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
  automatic?: boolean;
}
const nobody: Resolution = { by: null, resolution_data: null };

function resolved(
  approval: Approval,
  status: Exclude<ApprovalStatus, 'pending'>,
  { by, resolution_data, automatic = false }: Resolution,
  now: number,
  ...before: readonly NewEvent[]
): Transition<Approval> {
  const resolved_at = seconds(now);
  const state = filledIn(touch(approval, now, { status, resolution_data, resolved_by: by, resolved_at, due_at: null }));
  const { approval_type, pause_type } = state;
  const data: EventData<'approval.resolved'> = {
    ...callOf(state),
    ...decidedCall(state),
    approval_type,
    pause_type,
    status,
    automatic,
    resolution_data,
    resolved_by: by,
    resolved_at,
    redact: state.requirements[0]?.tool_execution.redact ?? [],
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
