import { emit, type Event } from '@countersign/contracts';
import { redactApproval, type Approval, type DecisionBasis } from '@countersign/contracts/approvals';
import type { RunStatus } from '@countersign/contracts/runs';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { changed, rejected } from '@countersign/persistence';
import {
  isSound,
  newApproval,
  requestBeforeEnd,
  requestIn,
  unjudged,
  type PolicyDecision,
} from './approval-request.js';
import { quorumOf } from './counted.js';
import type { ApprovalMessage, ApprovalTransition } from './messages.js';
import { requestPreview } from './previews/preview.js';
import { byNoOne, hasNoRequester, rejectedByRule, rejectedWithoutRequester, resolved } from './resolution.js';

export const statusAfter = {
  'run.completed': 'COMPLETED',
  'run.failed': 'ERROR',
  'run.cancelled': 'CANCELLED',
} as const satisfies Partial<Record<Event['type'], RunStatus>>;

/** Asks for a decision, unless the rules, a grant or the kind of the call decide: an audit only wants a record. */
export function requireApproval(
  { event, policyDecision, refusal }: Extract<ApprovalMessage, { type: 'required' }>,
  now: EpochMillis,
): ApprovalTransition {
  if (!isSound(event)) return rejected('call_changed', 'the arguments are not the ones that the digest is of');
  const requested = newApproval(requestIn(event), policyDecision, toEpochSeconds(now));
  if (refusal) {
    const resolution_data = { code: refusal.code, note: `Rejected without review: ${refusal.reason}.` };
    const created = emit('approval.created', redactApproval(requested));
    return resolved(requested, 'rejected', { by: null, resolution_data, basis: 'rule' }, now, created);
  }
  const basis = basisWithoutDecision(requested, policyDecision);
  const approval = basis === null ? decidedByPeople(requested) : recordedOnly(requested);
  const created = emit('approval.created', redactApproval(approval));
  if (policyDecision.policy?.outcome === 'reject') {
    const resolution_data = policyDecision.reason === null ? null : { note: policyDecision.reason };
    return resolved(approval, 'rejected', { by: null, resolution_data, basis: 'rule' }, now, created);
  }
  if (basis !== null) return resolved(approval, 'approved', { ...byNoOne, basis }, now, created);
  if (hasNoRequester(approval)) return rejectedWithoutRequester(approval, now, created);
  const { refused } = quorumOf(approval);
  if (refused !== null) return rejectedByRule(approval, refused, now, created);
  const { preview: terms, previewBefore: before } = policyDecision;
  if (terms === null) return changed(approval, created);
  const { approval: shown, event: asked } = requestPreview(approval, { terms, by: null }, now);
  const known = { ...shown, preview: { ...shown.preview!, before } };
  return changed(known, emit('approval.created', redactApproval(known)), asked);
}

/**
 * By a rule, a grant, or because its tool only wants a record. Fields cannot be filled in by any of them, and what may have
 * been made already is let through by none of them.
 */
function basisWithoutDecision(
  { approval_type, pause_type }: Approval,
  { policy, grant, possibly_executed }: PolicyDecision,
): DecisionBasis | null {
  if (pause_type === 'user_input' || possibly_executed !== null) return null;
  if (grant !== null) return 'grant';
  if (policy ? policy.outcome !== 'approve' : approval_type !== 'audit') return null;
  return approval_type === 'audit' && !policy?.rule ? 'audit' : 'rule';
}

/** No person decides, which agno calls audit. */
const recordedOnly = (approval: Approval): Approval => ({ ...approval, approval_type: 'audit' });

/** Where a record would do but for a restore, a person decides. */
const decidedByPeople = (approval: Approval): Approval =>
  approval.possibly_executed === null ? approval : { ...approval, approval_type: 'required' };

/** The run was over before its request arrived: keep the record, so that the request finds it void. */
export function createCancelled(
  { event, requirement }: Extract<ApprovalMessage, { type: 'void' }>,
  now: EpochMillis,
): ApprovalTransition {
  const approval = newApproval(requestBeforeEnd(event, requirement), unjudged, toEpochSeconds(now));
  return resolved({ ...approval, run_status: statusAfter[event.type] }, 'cancelled', byNoOne, now);
}
