import { deputiesIn, namesOf, oncePerPerson, type Deciding, type Person } from '../delegations/places.js';
import type { Approval, Decision } from './approval.js';
import type { RequireTerms } from './terms.js';

type Group = Pick<RequireTerms['approvers'][number], 'group' | 'members'>;
/** Whether a person is in a group; `null` stands for no group, which is empty. */
export const isMember = ({ group, members }: Group, { by, groups = [] }: Person): boolean =>
  by !== null && group !== null && (members ? members.includes(by) : groups.includes(group));

/**
 * As whom a decision counts. A deputy counts as the person in whose place they decide, in groups that list that person
 * alone, and only where the rules have deputies who are in such a group; else as nobody in particular.
 */
export function countedAs(terms: Pick<RequireTerms, 'deputies'>, decision: Deciding): Person {
  const { on_behalf_of: delegator = null } = decision;
  if (delegator === null) return decision;
  return { by: deputiesIn(terms).some((group) => isMember(group, decision)) ? delegator : null };
}

type Standing = Pick<Approval, 'terms' | 'user_id' | 'requested_by' | 'escalated_at' | 'decisions'> &
  Partial<Pick<Approval, 'possibly_executed'>>;

/**
 * Whether a decision still counts under the terms in force, which may have become stricter since it was taken. A
 * rejection does in any case: a reason that is required by now does not make it an approval.
 */
export function isStanding(approval: Omit<Standing, 'decisions'>, decision: Decision): boolean {
  const { terms, escalated_at, user_id, requested_by, possibly_executed } = approval;
  const { verdict, by, note, on_behalf_of } = decision;
  const isAsker = (person: string | null) => person === null || person === requested_by || person === user_id;
  if (verdict === 'rejected') return true;
  if (possibly_executed && decision.at < possibly_executed.since) return false;
  if (terms.reason_required.includes('approve') && !note?.trim()) return false;
  if (terms.four_eyes && (requested_by === null || isAsker(by))) return false;
  if (terms.four_eyes && on_behalf_of && isAsker(on_behalf_of)) return false;
  const person = countedAs(terms, decision);
  if (person.by === null && on_behalf_of) return false;
  const groups = [...terms.approvers, ...(escalated_at === null ? [] : terms.escalate_to)];
  return groups.some((each) => each.group === null || isMember(each, person));
}

/** How many people have approved it, by what counts under the terms in force. */
export function standingApprovals(approval: Standing): number {
  const standing = approval.decisions.filter((decision) => isStanding(approval, decision));
  const rejecters = new Set(standing.flatMap((each) => (each.verdict === 'rejected' ? namesOf(each) : [])));
  const approved = standing.filter(
    (each) => each.verdict === 'approved' && !namesOf(each).some((by) => rejecters.has(by)),
  );
  return oncePerPerson(approved).length;
}
