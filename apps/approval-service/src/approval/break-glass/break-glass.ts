import { emit } from '@countersign/contracts';
import {
  approvalDigest,
  isMember,
  type Approval,
  type Decision,
  type ResolutionData,
} from '@countersign/contracts/approvals';
import { previewOf } from '@countersign/contracts/previews';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { askersOf } from '@countersign/definitions/policy';
import { rejected, touch } from '@countersign/persistence';
import { rulingOf, type Rules } from '../../policy/rules.js';
import { quorumOf } from '../counted.js';
import { otherTarget, recordedObjection, type Objection } from '../decision.js';
import { due } from '../due.js';
import type { ApprovalTransition } from '../messages.js';
import { withdrawnBy } from '../questions/question.js';
import { hold } from '../rejudge.js';
import { callOf, resolved } from '../resolution.js';

export interface BreakGlassCommand {
  by: string | null;
  /** Those of whoever does it, as the identity system says. */
  groups: readonly string[];
  reason: string;
  /** Of the call that they saw. */
  digest: string;
  /** What they typed as the target of the call. */
  target?: string | undefined;
  /** Those in force where it is done. */
  rules: Rules;
}

/**
 * One person approves the call as it stands, in place of those whom the rules ask for, where the rules name the group of
 * that person for it. Neither rules that reject, nor the deadline, nor who requested it, nor the digest is passed over.
 */
export function breakGlass(pending: Approval, command: BreakGlassCommand, now: EpochMillis): ApprovalTransition {
  if (pending.status !== 'pending') return rejected('already_resolved', `already resolved: ${pending.status}`);
  const { by, groups, digest, target, reason, rules } = command;
  const held = hold(pending, rules, now);
  if ('kind' in held) return held;
  const { approval, events: before } = held;
  const at = toEpochSeconds(now);
  if (approval.expires_at !== null && approval.expires_at <= at) return due(approval, now);
  const named = by === null ? undefined : groupNamedFor(approval, command);
  if (by === null || named === undefined)
    return rejected('may_not_break_glass', 'the rules do not name you for breaking glass on this call');
  const askers = askersOf(approval);
  if (askers === null || askers.includes(by))
    return rejected('may_not_break_glass', 'whoever had a part in the request never breaks glass on it');
  if (digest !== pending.digest)
    return rejected('call_changed', 'this call is not the one that was looked at any more: look at it again');
  if (reason.trim() === '') return rejected('reason_required', 'say why');
  const tool_args = approval.approved_args ?? approval.tool_args;
  const objection = unfit(approval, by) ?? otherTarget({ ...approval, tool_args }, target);
  if (objection) return rejected(objection.code, objection.reason);

  const own = { on_behalf_of: null, delegation_id: null };
  const decision: Decision = { verdict: 'approved', by, at, note: reason, groups: [...groups], ...own };
  const glass = { by, at, group: named, reason };
  const { approvals } = quorumOf(approval);
  // In an emergency nobody waits for one.
  const preview = previewOf(approval, tool_args);
  const called = { ...approval, preview };
  const state = touch({ ...called, digest: approvalDigest(called) }, now, {
    decisions: [...approval.decisions, decision],
    questions: withdrawnBy(by, approval.questions, at),
    break_glass: glass,
    review: 'open' as const,
  });
  const { required_approvals } = approval;
  const recorded = emit('approval.decision_recorded', { ...callOf(state), decision, approvals, required_approvals });
  const broken = emit('approval.glass_broken', {
    ...callOf(state),
    status: 'approved',
    break_glass: glass,
    approvals,
    required_approvals,
  });
  const { values } = approval.resolution_data ?? {};
  const resolution_data: ResolutionData = { note: reason, ...(values && { values }) };
  return resolved(state, 'approved', { by, resolution_data, basis: 'people' }, now, ...before, recorded, broken);
}

/** By the terms of the call, and by the rules for what would run where others have edited it. */
function groupNamedFor(approval: Approval, { by, groups, rules }: BreakGlassCommand): string | undefined {
  const { terms, approved_args } = approval;
  const namedIn = (named: typeof terms.break_glass) => named.find((group) => isMember(group, { by, groups }))?.group;
  if (approved_args === null) return namedIn(terms.break_glass);
  const edited = rulingOf(rules, approval, approved_args);
  if (edited.policy.outcome === 'require' && namedIn(edited.terms.break_glass) === undefined) return undefined;
  return edited.policy.outcome === 'reject' ? undefined : namedIn(terms.break_glass);
}

/** What cannot be approved as it stands, or by this person. */
function unfit(approval: Approval, by: string): Objection | undefined {
  const { decisions, pause_type, resolution_data } = approval;
  if (decisions.some((decision) => decision.by === by && decision.verdict === 'rejected'))
    return { code: 'already_decided', reason: `${by} has rejected this` };
  if (resolution_data?.result !== undefined)
    return { code: 'decision_not_allowed', reason: 'others have approved it as done by hand: nothing is left to make' };
  if (pause_type === 'user_input' && !decisions.some(({ verdict }) => verdict === 'approved'))
    return {
      code: 'decision_not_allowed',
      reason: 'this call has fields to fill in, which takes an ordinary decision',
    };
  const reason = recordedObjection(approval);
  return reason === undefined ? undefined : { code: 'decision_not_allowed', reason };
}
