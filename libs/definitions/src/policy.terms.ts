import type { RequireTerms } from '@countersign/contracts';

type Approver = RequireTerms['approvers'][number];

/** How many people have to approve. */
export const approvalsOf = ({ approvers }: Pick<RequireTerms, 'approvers'>): number =>
  approvers.reduce((sum, { count }) => sum + count, 0);

/** Terms that are met only when each of these would be. */
export function strictest(all: readonly [RequireTerms, ...RequireTerms[]]): RequireTerms {
  const [first, ...others] = all;
  if (others.length === 0) return first;
  const soonest = (times: (number | null)[]) => {
    const known = times.filter((time) => time !== null);
    return known.length > 0 ? Math.min(...known) : null;
  };
  return {
    approvers: approversOfAll(all),
    four_eyes: all.some((terms) => terms.four_eyes),
    on_rejection: all.some((terms) => terms.on_rejection === 'end') ? 'end' : 'continue',
    reason_required: [...new Set(all.flatMap((terms) => terms.reason_required))],
    allowed_decisions: first.allowed_decisions.filter((kind) =>
      others.every((terms) => terms.allowed_decisions.includes(kind)),
    ),
    expires_in: soonest(all.map((terms) => terms.expires_in)),
    remind_every: soonest(all.map((terms) => terms.remind_every)),
    // Whom one of them lets stand in, the others may not.
    escalate_after: null,
    escalate_to: [],
  };
}

function approversOfAll(all: readonly RequireTerms[]): Approver[] {
  const named = new Map<string, Approver>();
  for (const approver of all.flatMap(({ approvers }) => approvers)) {
    const { group, count } = approver;
    if (group !== null && count > (named.get(group)?.count ?? 0)) named.set(group, approver);
  }
  const approvers = [...named.values()];
  // Members count as anybody too, so anybody has to make up only what is left of the most that one of them asks for.
  const rest = Math.max(...all.map(approvalsOf)) - approvalsOf({ approvers });
  return rest > 0 ? [...approvers, { group: null, count: rest, members: null }] : approvers;
}
