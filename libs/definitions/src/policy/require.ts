import type { Groups, Require } from './rules.js';
import type { RequireTerms } from '@countersign/contracts/approvals';

/** The terms of a requirement, with the members of its groups as they are now. */
export function termsOf(require: Require, groups: Groups): RequireTerms {
  const {
    approvers,
    four_eyes,
    on_rejection,
    reason,
    allow,
    expires_in,
    remind_after,
    escalate,
    break_glass = [],
    deputies = [],
    grant,
  } = require;
  return {
    approvers: approvers.map(({ group, count }) => ({
      group,
      count,
      members: group === null ? null : membersOf(group, groups),
    })),
    four_eyes,
    on_rejection,
    reason_required: reason,
    allowed_decisions: allow,
    expires_in,
    remind_every: remind_after ?? null,
    escalate_after: escalate?.after ?? null,
    escalate_to: (escalate?.to ?? []).map((group) => ({ group, members: membersOf(group, groups) })),
    break_glass: break_glass.map((group) => ({ group, members: membersOf(group, groups) })),
    deputies: deputies.map((group) => ({ group, members: membersOf(group, groups) })),
    grant,
  };
}

/** An undeclared group is empty. */
function membersOf(group: string, groups: Groups): string[] | null {
  const declared = Object.hasOwn(groups, group) ? groups[group] : undefined;
  return declared === 'from_token' ? null : (declared ?? []);
}
