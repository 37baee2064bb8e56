import {
  approvalDigest,
  canonicalJson,
  emit,
  redactApproval,
  secondsOf,
  type Approval,
  type ApprovalStatus,
  type Comment,
  type Decision,
  type DecisionBasis,
  type Event,
  type EventData,
  type NewEvent,
  type ProblemCode,
  type Requirement,
  type ResolutionData,
  type RunStatus,
} from '@countersign/contracts';
import { askersOf } from '@countersign/definitions';
import { changed, ignored, rejected, touch, type Transition } from '@countersign/persistence';
import {
  requestBeforeEnd,
  requestIn,
  isSound,
  newApproval,
  nextDue,
  unjudged,
  type PolicyDecision,
} from './approval-request.js';
import {
  argsOf,
  validateDecision,
  recordedObjection,
  resolvedCall,
  type DecisionCommand,
  type ObjectionCode,
} from './decision.js';
import { quorumOf } from './counted.js';
import { heldAgainst, ruledOut } from './held-against.js';
import type { Rules } from '../policy/rules.js';
import type { NoGate } from '../gates/gates.js';
import { filledIn } from './user-input.js';

/**
 * The life of an approval.
 *
 * ```
 *                 ┌─ enough people approve ──► approved
 *  (required) ──► pending ─ somebody rejects ► rejected
 *      │          ├─ its time is up ─────────► expired
 *      │          └─ its run is over ────────► cancelled
 *      └─ rules or a grant decide ───────────► approved | rejected
 * ```
 *
 * While it is pending, other rules can come into force: it is held against them then, and with each decision.
 *
 * It leaves `pending` once, and says so with one `approval.resolved`.
 */
export type ApprovalMessage =
  | {
      type: 'required';
      event: Event<'tool.approval_required'>;
      policyDecision: PolicyDecision;
      refusal?: NoGate | undefined;
    }
  | ({ type: 'decided' } & DecisionCommand)
  | { type: 'commented'; comment: Omit<Comment, 'at'> }
  /** A run that is over still waited for this; the request for it may not have arrived yet. */
  | { type: 'void'; event: Event<'run.failed'> | Event<'run.cancelled'>; requirement: Requirement }
  | { type: 'due' }
  /** The service has other rules than those that it was asked for under. */
  | { type: 'rejudged'; rules: Rules }
  | { type: 'removed' }
  | Event<'run.completed'>
  | Event<'run.failed'>
  | Event<'run.cancelled'>;

/** Why a message is refused. */
export type ApprovalRejection =
  | ObjectionCode
  | Extract<ProblemCode, 'already_resolved' | 'approval_not_found' | 'too_many_comments'>;
type ApprovalTransition = Transition<Approval, ApprovalRejection>;

const statusAfter = {
  'run.completed': 'COMPLETED',
  'run.failed': 'ERROR',
  'run.cancelled': 'CANCELLED',
} as const satisfies Partial<Record<Event['type'], RunStatus>>;

export function decideApproval(
  approval: Approval | undefined,
  message: ApprovalMessage,
  now: number,
): ApprovalTransition {
  if (message.type === 'required') {
    return approval ? ignored('the approval exists') : require(message, now);
  }
  if (message.type === 'void') {
    return approval ? followRun(approval, statusAfter[message.event.type], now) : createCancelled(message, now);
  }
  if (!approval) return rejected('approval_not_found', 'there is no such approval');

  switch (message.type) {
    case 'decided':
      return approval.status === 'pending'
        ? record(approval, message, now)
        : rejected('already_resolved', `already resolved: ${approval.status}`);
    case 'due':
      return due(approval, now);
    case 'rejudged':
      return rejudge(approval, message.rules, now);
    case 'commented':
      return comment(approval, message.comment, now);
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
      return followRun(approval, statusAfter[message.type], now);
    case 'removed':
      return remove(approval, now);
    default:
      return message satisfies never;
  }
}

/** Asks for a decision, unless the rules, a grant or the kind of the call decide: an audit only wants a record. */
function require(
  { event, policyDecision, refusal }: Extract<ApprovalMessage, { type: 'required' }>,
  now: number,
): ApprovalTransition {
  if (!isSound(event)) return rejected('call_changed', 'the arguments are not the ones that the digest is of');
  const requested = newApproval(requestIn(event), policyDecision, secondsOf(now));
  if (refusal) {
    const resolution_data = { code: refusal.code, note: `Nobody was asked: ${refusal.reason}.` };
    const created = emit('approval.created', redactApproval(requested));
    return resolved(requested, 'rejected', { by: null, resolution_data, basis: 'rule' }, now, created);
  }
  const basis = letThroughBy(requested, policyDecision);
  const approval = basis === null ? requested : recordedOnly(requested);
  const created = emit('approval.created', redactApproval(approval));
  if (policyDecision.policy?.outcome === 'reject') {
    const resolution_data = policyDecision.reason === null ? null : { note: policyDecision.reason };
    return resolved(approval, 'rejected', { by: null, resolution_data, basis: 'rule' }, now, created);
  }
  if (basis !== null) return resolved(approval, 'approved', { ...byNoOne, basis }, now, created);
  if (hasNoRequester(requested)) return rejectedWithoutRequester(requested, now, created);
  const { refused } = quorumOf(requested);
  return refused === null ? changed(requested, created) : rejectedByRule(requested, refused, now, created);
}

/** By a rule, a grant, or because its tool only wants a record. Fields cannot be filled in by any of them. */
function letThroughBy(
  { approval_type, pause_type }: Approval,
  { policy, grant }: PolicyDecision,
): DecisionBasis | null {
  if (pause_type === 'user_input') return null;
  if (grant !== null) return 'grant';
  if (policy ? policy.outcome !== 'approve' : approval_type !== 'audit') return null;
  return approval_type === 'audit' && !policy?.rule ? 'audit' : 'rule';
}

/** Whoever asked does not decide, and may be anybody: so nobody could. */
const hasNoRequester = (approval: Approval): boolean => approval.terms.four_eyes && askersOf(approval) === null;

function rejectedWithoutRequester(approval: Approval, now: number, ...before: NewEvent[]): ApprovalTransition {
  const note =
    'It is not known who sent this request, and the rules want it approved by somebody else. Send it with a token of POST /auth/tokens, or say four_eyes: false in the rule.';
  const resolution_data = { note, code: 'sender_unknown' };
  return resolved(approval, 'rejected', { by: null, resolution_data, basis: 'rule' }, now, ...before);
}

/** Nobody was asked, so agno's word for it is audit. */
const recordedOnly = (approval: Approval): Approval => ({ ...approval, approval_type: 'audit' });

/** The run was over before its request arrived: keep the record, so that the request finds it void. */
function createCancelled(
  { event, requirement }: Extract<ApprovalMessage, { type: 'void' }>,
  now: number,
): ApprovalTransition {
  const approval = newApproval(requestBeforeEnd(event, requirement), unjudged, secondsOf(now));
  return resolved({ ...approval, run_status: statusAfter[event.type] }, 'cancelled', byNoOne, now);
}

function record(pending: Approval, decided: DecisionCommand, now: number): ApprovalTransition {
  const { verdict, by, groups, resolution_data } = decided;
  const held = hold(pending, decided.rules, now);
  if ('kind' in held) return held;
  const { approval, events: before } = held;
  if (approval.expires_at !== null && approval.expires_at <= secondsOf(now)) return due(approval, now);
  const objection = validateDecision(approval, decided, pending.digest);
  if (objection) return rejected(objection.code, objection.reason);
  const note = resolution_data?.note ?? null;
  const decision: Decision = { verdict, by, at: secondsOf(now), note, groups: [...groups] };
  const state = touch(proposed(approval, decided), now, { decisions: [...approval.decisions, decision] });
  const { approvals, met, refused } = quorumOf(state);
  const recorded = emit('approval.decision_recorded', {
    ...callOf(approval),
    decision,
    approvals,
    required_approvals: approval.required_approvals,
  });
  const ends = verdict === 'rejected' ? refused !== null : met;
  return ends
    ? resolved(state, verdict, { by, resolution_data, basis: 'people' }, now, ...before, recorded)
    : changed(state, ...before, recorded);
}

/** Holds it against other rules. Nothing is taken back: what they ask for comes on top. */
function rejudge(pending: Approval, rules: Rules, now: number): ApprovalTransition {
  if (pending.status !== 'pending') return ignored('it is resolved');
  if (pending.rules_version === rules.version) return ignored('these rules are known');
  const held = hold(pending, rules, now);
  return 'kind' in held ? held : changed(touch(held.approval, now, {}), ...held.events);
}

/** The approval under these rules, and what there is to tell of it; or its end, when nobody can approve it any more. */
function hold(
  pending: Approval,
  rules: Rules,
  now: number,
): ApprovalTransition | { approval: Approval; events: NewEvent[] } {
  const held = heldAgainst(pending, rules, secondsOf(now));
  const rejectedBecause = (note: string, ...before: NewEvent[]) => rejectedByRule(held.approval, note, now, ...before);
  if (held.kind === 'ruled_out') return rejectedBecause(ruledOut(held));
  if (!held.tightened) return { approval: held.approval, events: [] };
  const events = [rejudged(held.approval)];
  if (hasNoRequester(held.approval)) return rejectedWithoutRequester(held.approval, now, ...events);
  const refused = quorumOf(held.approval).refused ?? recordedObjection(held.approval) ?? null;
  return refused === null ? { approval: held.approval, events } : rejectedBecause(refused, ...events);
}

function rejectedByRule(approval: Approval, note: string, now: number, ...before: NewEvent[]): ApprovalTransition {
  const resolution_data = { note, code: 'rejected_by_rule' } as const;
  return resolved(approval, 'rejected', { by: null, resolution_data, basis: 'rule' }, now, ...before);
}

const rejudged = (approval: Approval): NewEvent => {
  const { status, policy, required_approvals, expires_at } = approval;
  return emit('approval.rejudged', { ...callOf(approval), status, policy, required_approvals, expires_at });
};

/** What was approved stays with the record, for the others to see and approve. */
function proposed(approval: Approval, decided: DecisionCommand): Approval {
  if (decided.verdict === 'rejected') return approval;
  const args = argsOf(approval, decided);
  const approved_args = canonicalJson(args) === canonicalJson(approval.tool_args) ? null : args;
  const { values, result, grant } = decided.resolution_data ?? {};
  const recordedData = {
    ...(values && approval.pause_type === 'user_input' && { values }),
    ...(result !== undefined && { result }),
    ...(grant && { grant }),
  };
  const state = {
    ...approval,
    approved_args,
    ...(Object.keys(recordedData).length > 0 && { resolution_data: recordedData }),
  };
  return { ...state, digest: approvalDigest(state) };
}

/** Expires, asks more people, or reminds: whatever is due, the gravest first. */
function due(approval: Approval, now: number): ApprovalTransition {
  const at = secondsOf(now);
  const isDue = (time: number | null): boolean => approval.status === 'pending' && time !== null && time <= at;
  if (isDue(approval.expires_at)) return resolved(approval, 'expired', byNoOne, now);
  if (isDue(approval.escalate_at)) return escalate(approval, now);
  return isDue(approval.remind_at) ? remind(approval, now) : ignored('nothing is due');
}

/** More people count from now on, also those who have decided already. */
function escalate(approval: Approval, now: number): ApprovalTransition {
  const escalated = scheduled(touch(approval, now, { escalated_at: secondsOf(now), escalate_at: null }));
  const groups = approval.terms.escalate_to.map(({ group }) => group);
  const event = emit('approval.escalated', { ...callOf(approval), status: approval.status, groups });
  if (!quorumOf(escalated).met) return changed(escalated, event);
  // Nobody decides now, so nothing else says whether what was approved may be by now.
  const objection = recordedObjection(escalated);
  if (objection !== undefined) return rejectedByRule(escalated, objection, now, event);
  const last = escalated.decisions.findLast(({ verdict }) => verdict === 'approved')!;
  const { resolution_data } = escalated;
  return resolved(escalated, 'approved', { by: last.by, resolution_data, basis: 'people' }, now, event);
}

/** Once, however many were missed while nobody was there to remind. */
function remind(approval: Approval, now: number): ApprovalTransition {
  const every = approval.terms.remind_every ?? Infinity;
  const overdue = Math.floor((secondsOf(now) - approval.remind_at!) / every);
  const reminder_number = approval.reminders + 1;
  const remind_at = approval.remind_at! + (overdue + 1) * every;
  const reminded = scheduled(touch(approval, now, { remind_at, reminders: reminder_number }));
  const { status, created_at: waiting_since } = approval;
  return changed(
    reminded,
    emit('approval.reminder_due', { ...callOf(approval), status, waiting_since, reminder_number }),
  );
}

const scheduled = (approval: Approval): Approval => ({ ...approval, due_at: nextDue(approval) });

const mostComments = 1_000;

function comment(approval: Approval, comment: Omit<Comment, 'at'>, now: number): ApprovalTransition {
  if (approval.comments.some(({ id }) => id === comment.id)) return ignored('it is said');
  if (approval.comments.length >= mostComments)
    return rejected('too_many_comments', `there are ${mostComments} comments already`);
  const added: Comment = { ...comment, at: secondsOf(now) };
  const commented = touch(approval, now, { comments: [...approval.comments, added] });
  return changed(
    commented,
    emit('approval.commented', { ...callOf(approval), status: approval.status, comment: added }),
  );
}

/** Keeps the status of the run beside the approval, and voids what a run that is over still asked for. */
function followRun(approval: Approval, run_status: RunStatus, now: number): ApprovalTransition {
  const followed = touch(approval, now, { run_status });
  if (approval.status === 'pending') return resolved(followed, 'cancelled', byNoOne, now);
  return approval.run_status === run_status ? ignored('this is known') : changed(followed);
}

/** Hides the record. Removing one that is pending voids it first, so that its run does not wait for ever. */
function remove(approval: Approval, now: number): ApprovalTransition {
  if (approval.deleted_at !== null) return ignored('it is removed');
  const removed = { ...approval, deleted_at: secondsOf(now) };
  return approval.status === 'pending'
    ? resolved(removed, 'cancelled', byNoOne, now)
    : changed(touch(removed, now, {}));
}

interface Resolution {
  by: string | null;
  resolution_data: ResolutionData | null;
  /** On what it rests; null when nobody decides. */
  basis?: DecisionBasis | null;
}
const byNoOne: Resolution = { by: null, resolution_data: null };

function resolved(
  approval: Approval,
  status: Exclude<ApprovalStatus, 'pending'>,
  { by, resolution_data, basis = null }: Resolution,
  now: number,
  ...before: readonly NewEvent[]
): ApprovalTransition {
  const resolved_at = secondsOf(now);
  const state = filledIn(
    touch(approval, now, {
      status,
      resolution_data,
      resolved_by: by,
      resolved_at,
      due_at: null,
      remind_at: null,
      escalate_at: null,
    }),
  );
  const { approval_type, pause_type } = state;
  const data: EventData<'approval.resolved'> = {
    ...callOf(state),
    ...resolvedCall(state),
    salt: state.salt,
    approval_type,
    pause_type,
    status,
    automatic: basis !== null && basis !== 'people',
    basis,
    grant_id: basis === 'grant' ? state.grant_id : null,
    resolution_data,
    resolved_by: by,
    resolved_at,
    redact: state.requirements[0]?.tool_execution.redact ?? [],
    requester: state.user_id,
    requested_by: state.requested_by,
    policy_version: state.policy?.version ?? null,
    tool_version: state.tool_version,
    expires_at: state.expires_at,
    decisions: state.decisions,
    // The signature takes time, so it is added before this is stored.
    signature: null,
  };
  return changed(state, ...before, emit('approval.resolved', data));
}

const callOf = ({ id, run_id, tool_call_id, tool_name }: Approval) => ({
  run_id,
  approval_id: id,
  tool_call_id,
  tool_name,
});
