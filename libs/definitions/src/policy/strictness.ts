import type { RequireTerms } from '@countersign/contracts/approvals';
import { deputiesIn } from '@countersign/contracts/delegations';
import { canonicalJson } from '@countersign/contracts/json';
import { assign } from './quorum/assignment.js';
import { approvalsOf } from './terms.js';

type Approver = RequireTerms['approvers'][number];
type Group = Pick<Approver, 'group' | 'members'>;

/** More are not compared entry by entry; only terms that are the same are then known to be no stricter. */
const mostPlaces = 200;

/**
 * Whether whatever satisfies the terms `then` satisfies the terms `now` as well. What is unknown counts as stricter: people
 * whom a token puts into a group are in no list, and a group that has other members is another group.
 *
 * It is reflexive and transitive, and it never says yes wrongly; it may say no where a closer look would say yes.
 */
export function isAtMostAsStrict(now: RequireTerms, then: RequireTerms): boolean {
  if (canonicalJson(now) === canonicalJson(then)) return true;
  return (
    (then.four_eyes || !now.four_eyes) &&
    (then.on_rejection === 'end' || now.on_rejection === 'continue') &&
    now.reason_required.every((verb) => then.reason_required.includes(verb)) &&
    then.allowed_decisions.every((kind) => now.allowed_decisions.includes(kind)) &&
    isNoSooner(now.expires_in, then.expires_in) &&
    grantsAsFar(now, then) &&
    letsStandIn(now, then) &&
    then.break_glass.every((before) => now.break_glass.some((group) => isWithin(before, group))) &&
    deputiesIn(then).every((before) => deputiesIn(now).some((group) => isWithin(before, group))) &&
    asksNoOneElse(now, then)
  );
}

/** A time limit is met by whatever meets an earlier one. */
const isNoSooner = (now: number | null, then: number | null): boolean => now === null || (then !== null && then <= now);

function grantsAsFar({ grant: now }: RequireTerms, { grant: then, allowed_decisions }: RequireTerms): boolean {
  if (!allowed_decisions.includes('grant')) return true;
  return (
    then.max_duration <= now.max_duration &&
    then.max_uses <= now.max_uses &&
    (then.arguments === 'exact' || now.arguments === 'chosen')
  );
}

/** Whoever may have stood in for an approver then may do so now, and no later. */
function letsStandIn(now: RequireTerms, then: RequireTerms): boolean {
  if (then.escalate_after === null || then.escalate_to.length === 0) return true;
  if (now.escalate_after === null || now.escalate_after > then.escalate_after) return false;
  return then.escalate_to.every((before) => now.escalate_to.some((group) => isWithin(before, group)));
}

/** All approvers required now were required then: each place of now has a place of then whose people all fit it. */
function asksNoOneElse(now: RequireTerms, then: RequireTerms): boolean {
  if (approvalsOf(now) > approvalsOf(then) || approvalsOf(then) > mostPlaces) return false;
  const places = then.approvers.flatMap((approver) => Array.from({ length: approver.count }, () => ({ approver })));
  const filled = assign(now.approvers, places, (entry, { approver }) => isWithin(approver, entry));
  return now.approvers.every(({ count }, n) => filled[n] === count);
}

/** Whether everybody who is in the one group is certainly in the other. */
function isWithin(inner: Group, outer: Group): boolean {
  if (outer.group === null) return true;
  if (inner.group === null) return false;
  if (inner.members === null) return outer.members === null && inner.group === outer.group;
  return outer.members !== null && inner.members.every((member) => outer.members!.includes(member));
}
