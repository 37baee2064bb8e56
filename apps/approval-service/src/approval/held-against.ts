import { approvalDigest, type Approval, type RequireTerms } from '@countersign/contracts/approvals';
import { canonicalJson } from '@countersign/contracts/json';
import { after, type EpochSeconds, type Seconds } from '@countersign/contracts/time';
import { approvalsOf, isAtMostAsStrict, strictest } from '@countersign/definitions/policy';
import { nextDue } from './approval-request.js';
import { rulingOf, nameOf, type Ruled, type Rules } from '../policy/rules.js';

export type Held =
  /** By terms that may have become stricter. */
  | { kind: 'holds'; approval: Approval; tightened: boolean }
  /** By the rules no one can approve it any more. */
  | { kind: 'ruled_out'; approval: Approval; reason: string };

/**
 * A pending approval under the rules in force, where others were when it was requested: the stricter of the two hold, and
 * where neither is, both. What it would let through is evaluated as requested, and as edited.
 */
export function heldAgainst(approval: Approval, rules: Rules, at: EpochSeconds): Held {
  if (approval.rules_version === rules.version) return { kind: 'holds', approval, tightened: false };
  const { tool_args, approved_args } = approval;
  const rulings = [rulingOf(rules, approval, tool_args)];
  if (approved_args !== null) rulings.push(editable(rulingOf(rules, approval, approved_args)));
  const seen = { ...approval, rules_version: rules.version };
  const out = rulings.find(({ policy }) => policy.outcome === 'reject');
  if (out) return { kind: 'ruled_out', approval: { ...seen, policy: out.policy }, reason: out.reason! };
  const tightened = rulings.reduce(tighten, seen);
  if (canonicalJson(tightened.terms) === canonicalJson(seen.terms))
    return { kind: 'holds', approval: seen, tightened: false };
  return { kind: 'holds', approval: rescheduled(tightened, at), tightened: true };
}

/** Whether arguments may be edited depends on the requested ones. */
function editable(ruled: Ruled): Ruled {
  const { allowed_decisions } = ruled.terms;
  if (allowed_decisions.includes('edit')) return ruled;
  return { ...ruled, terms: { ...ruled.terms, allowed_decisions: [...allowed_decisions, 'edit'] } };
}

function tighten(approval: Approval, { policy, terms: requested }: Ruled): Approval {
  // Rules that would approve it by themselves do not relax what was required under others.
  if (policy.outcome !== 'require' || isAtMostAsStrict(requested, approval.terms)) return approval;
  const terms = isAtMostAsStrict(approval.terms, requested) ? requested : strictest([approval.terms, requested]);
  return { ...approval, terms, policy };
}

/** All that follows from the terms, counted from the request. */
function rescheduled(approval: Approval, at: EpochSeconds): Approval {
  const { terms, created_at } = approval;
  const within = (duration: Seconds | null) => (duration === null ? null : after(created_at, duration));
  const escalate_at = within(terms.escalate_after);
  const isEscalated = approval.escalated_at !== null && escalate_at !== null && escalate_at <= at;
  const changed: Approval = {
    ...approval,
    required_approvals: approvalsOf(terms),
    allowed_decisions: terms.allowed_decisions,
    expires_at: within(terms.expires_in),
    remind_at: nextReminder(terms, created_at, at),
    escalate_at: isEscalated ? null : escalate_at,
    escalated_at: isEscalated ? approval.escalated_at : null,
  };
  return { ...changed, digest: approvalDigest(changed), due_at: nextDue(changed) };
}

function nextReminder({ remind_every }: RequireTerms, created_at: EpochSeconds, at: EpochSeconds): EpochSeconds | null {
  if (remind_every === null) return null;
  return after(created_at, (Math.floor((at - created_at) / remind_every) + 1) * remind_every);
}

/** For people. */
export const ruledOut = ({ approval, reason }: Extract<Held, { kind: 'ruled_out' }>): string =>
  `the rules have changed, and ${approval.policy ? nameOf(approval.policy) : 'a rule'} rejects this: ${reason}`;
