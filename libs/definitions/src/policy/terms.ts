import type { RequireTerms } from '@countersign/contracts/approvals';
import { deputiesIn } from '@countersign/contracts/delegations';
import { canonicalJson } from '@countersign/contracts/json';

type Group = RequireTerms['deputies'][number];
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
    break_glass: inAll(all.map(({ break_glass }) => break_glass)),
    deputies: inAll(all.map(deputiesIn)),
    grant: {
      max_duration: Math.min(...all.map(({ grant }) => grant.max_duration)),
      max_uses: Math.min(...all.map(({ grant }) => grant.max_uses)),
      arguments: all.every(({ grant }) => grant.arguments === 'chosen') ? 'chosen' : 'exact',
    },
  };
}

/** Groups that all of these lists have, with the same members. */
const inAll = ([first = [], ...others]: (readonly Group[])[]): Group[] =>
  first.filter((group) => others.every((each) => each.some((other) => canonicalJson(other) === canonicalJson(group))));

function approversOfAll(all: readonly RequireTerms[]): Approver[] {
  const named: Approver[] = [];
  for (const approver of all.flatMap(({ approvers }) => approvers)) {
    if (approver.group === null) continue;
    const n = named.findIndex((other) => bothIn(other, approver) !== undefined);
    if (n < 0) named.push(approver);
    else named[n] = bothIn(named[n]!, approver)!;
  }
  // Members count as anybody too, so anybody has to make up only what is left of the most that one of them asks for.
  const rest = Math.max(...all.map(approvalsOf)) - approvalsOf({ approvers: named });
  return rest > 0 ? [...named, { group: null, count: rest, members: null }] : named;
}

/**
 * One entry that is met only when both are, of the same group: by those who are in it by either of its two lists, or
 * undefined when these are too few, or unknown.
 */
function bothIn(one: Approver, other: Approver): Approver | undefined {
  if (one.group !== other.group) return undefined;
  const count = Math.max(one.count, other.count);
  if (one.members === null && other.members === null) return { ...one, count };
  if (one.members === null || other.members === null) return undefined;
  const members = one.members.filter((member) => other.members!.includes(member));
  const isSame = members.length === one.members.length && members.length === other.members.length;
  return isSame || members.length >= count ? { group: one.group, count, members } : undefined;
}
