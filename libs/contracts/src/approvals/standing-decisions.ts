import type { Approval, Decision } from './approval.js';
import type { RequireTerms } from './terms.js';

type Group = Pick<RequireTerms['approvers'][number], 'group' | 'members'>;
interface Person {
  by: string | null;
  /** That their token has. Of a group whose members are listed it is not believed. */
  groups?: readonly string[] | undefined;
}

/** Whether a person is in a group; `null` stands for no group, which is empty. */
export const isMember = ({ group, members }: Group, { by, groups = [] }: Person): boolean =>
  by !== null && group !== null && (members ? members.includes(by) : groups.includes(group));

type Standing = Pick<Approval, 'terms' | 'user_id' | 'requested_by' | 'escalated_at' | 'decisions'> &
  Partial<Pick<Approval, 'possibly_executed'>>;

/**
 * Whether a decision still counts under the terms in force, which may have become stricter since it was taken. A
 * rejection does in any case: a reason that is required by now does not make it an approval.
 */
export function isStanding(approval: Omit<Standing, 'decisions'>, decision: Decision): boolean {
  const { terms, escalated_at, user_id, requested_by, possibly_executed } = approval;
  const { verdict, by, note } = decision;
  if (verdict === 'rejected') return true;
  if (possibly_executed && decision.at < possibly_executed.since) return false;
  if (terms.reason_required.includes('approve') && !note?.trim()) return false;
  if (terms.four_eyes && (requested_by === null || by === null || by === requested_by || by === user_id)) return false;
  const groups = [...terms.approvers, ...(escalated_at === null ? [] : terms.escalate_to)];
  return groups.some((each) => each.group === null || isMember(each, decision));
}

/** How many people have approved it, by what counts under the terms in force. */
export function standingApprovals(approval: Standing): number {
  const standing = approval.decisions.filter((decision) => isStanding(approval, decision));
  const people = (verdict: Decision['verdict']) =>
    new Set(standing.filter((decision) => decision.verdict === verdict).map(({ by }) => by));
  const rejecters = people('rejected');
  return [...people('approved')].filter((by) => !rejecters.has(by)).length;
}
