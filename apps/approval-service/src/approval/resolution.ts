import { emit, type EventData, type NewEvent } from '@countersign/contracts';
import {
  approvalDigest,
  type Approval,
  type ApprovalStatus,
  type DecisionBasis,
  type ResolutionData,
} from '@countersign/contracts/approvals';
import { atSeconds, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { askersOf } from '@countersign/definitions/policy';
import { changed, ignored, touch } from '@countersign/persistence';
import { resolvedCall } from './decision.js';
import type { ApprovalTransition } from './messages.js';
import { filledIn } from './user-input.js';

interface Resolution {
  by: string | null;
  resolution_data: ResolutionData | null;
  /** Basis of the decision; null when it expires or is cancelled. */
  basis?: DecisionBasis | null;
}
export const byNoOne: Resolution = { by: null, resolution_data: null };

/** It leaves `pending`, once, and says so. */
export function resolved(
  approval: Approval,
  status: Exclude<ApprovalStatus, 'pending'>,
  { by, resolution_data, basis = null }: Resolution,
  now: EpochMillis,
  ...before: readonly NewEvent[]
): ApprovalTransition {
  const resolved_at = toEpochSeconds(now);
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
  return changed(state, ...before, emit('approval.resolved', dataOf(state, status, basis)));
}

/**
 * Its run has resent the request, so the answer was lost: the same event is published again. A run that has heard of an approval
 * before, which this store has forgotten, hears from whoever has acted on that what came of it.
 */
export function resendAnswer(
  approval: Approval,
  now: EpochMillis,
  request?: EventData<'tool.approval_required'>,
): ApprovalTransition {
  const { status, run_status } = approval;
  if (status === 'pending') return ignored('it is not resolved yet');
  const data = dataOf(approval, status, basisOf(approval));
  const hasHeardOtherwise = status !== 'approved' && request?.requirement.confirmation === true;
  const run_began_at = hasHeardOtherwise ? (request.run_began_at ?? atSeconds(0)) : null;
  const repeated = { ...data, repeated: true, run_status, run_began_at };
  return changed(touch(approval, now, {}), emit('approval.resolved', repeated));
}

/** Characters of a note that are kept. */
const briefNote = 200;

/**
 * The log never takes how it was decided, so nobody acts on it: what was approved is rejected, and its run hears so as
 * briefly as can be. Texts of people are cut, since they may be what was too large.
 */
export function neverPublished(approval: Approval, reason: string, now: EpochMillis): ApprovalTransition {
  const { status, decisions, resolution_data, resolved_by } = approval;
  if (status === 'pending') return ignored('it is not resolved yet');
  if (resolution_data?.['code'] === 'not_publishable') return ignored('its texts were cut to fit into one event');
  const note =
    status === 'approved'
      ? `Approved, and not executed: the log does not take this decision (${reason}). Request it again with less in its arguments, values, result or reasons.`
      : `The log does not take this decision in full (${reason}).`;
  const brief = {
    ...approval,
    approved_args: null,
    decisions: decisions.map((decision) => ({ ...decision, note: decision.note?.slice(0, briefNote) ?? null })),
  };
  return resolved(
    { ...brief, digest: approvalDigest(brief) },
    status === 'approved' ? 'rejected' : status,
    {
      by: resolved_by,
      resolution_data: { code: 'not_publishable', note },
      basis: status === 'expired' || status === 'cancelled' ? null : 'rule',
    },
    now,
  );
}

/** What it rests on, as its record shows. */
function basisOf(approval: Approval): DecisionBasis | null {
  const { status, decisions, granted, policy, approval_type, resolution_data } = approval;
  if (status === 'expired' || status === 'cancelled') return null;
  if (resolution_data?.['code'] === 'not_publishable') return 'rule';
  if (decisions.length > 0) return 'people';
  if (granted !== null) return 'grant';
  return status === 'approved' && approval_type === 'audit' && !policy?.rule ? 'audit' : 'rule';
}

function dataOf(
  state: Approval,
  status: Exclude<ApprovalStatus, 'pending'>,
  basis: DecisionBasis | null,
): EventData<'approval.resolved'> {
  const { approval_type, pause_type, resolution_data, resolved_by } = state;
  return {
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
    resolved_by,
    resolved_at: state.resolved_at!,
    redact: state.requirements[0]?.tool_execution.redact ?? [],
    requester: state.user_id,
    requested_by: state.requested_by,
    policy_version: state.policy?.version ?? null,
    preview_digest: state.preview?.digest ?? null,
    tool_version: state.tool_version,
    expires_at: state.expires_at,
    decisions: state.decisions,
    break_glass: status === 'approved' ? state.break_glass : null,
    repeated: false,
    run_status: null,
    run_began_at: null,
    // The signature takes time, so it is added before this is stored.
    signature: null,
  };
}

export function rejectedByRule(
  approval: Approval,
  note: string,
  now: EpochMillis,
  ...before: NewEvent[]
): ApprovalTransition {
  const resolution_data = { note, code: 'rejected_by_rule' } as const;
  return resolved(approval, 'rejected', { by: null, resolution_data, basis: 'rule' }, now, ...before);
}

/** The requester must not decide, and is unknown: no one could decide. */
export const hasNoRequester = (approval: Approval): boolean => approval.terms.four_eyes && askersOf(approval) === null;

export function rejectedWithoutRequester(
  approval: Approval,
  now: EpochMillis,
  ...before: NewEvent[]
): ApprovalTransition {
  const note =
    'The sender of this request is unauthenticated, and the rules require approval by someone else. Send it with a token of POST /auth/tokens, or say four_eyes: false in the rule.';
  const resolution_data = { note, code: 'sender_unknown' };
  return resolved(approval, 'rejected', { by: null, resolution_data, basis: 'rule' }, now, ...before);
}

export const callOf = ({ id, run_id, tool_call_id, tool_name }: Approval) => ({
  run_id,
  approval_id: id,
  tool_call_id,
  tool_name,
});
