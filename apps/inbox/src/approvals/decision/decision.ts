import {
  isMember,
  isStanding,
  type Approval,
  type ResolutionData,
  type DecisionVerdict,
} from '@countersign/contracts/approvals';
import { namesOf } from '@countersign/contracts/delegations';

/** A decision before it is sent. */
export interface Draft {
  note: string;
  /** Filled in for a call that asks for it. */
  values?: Record<string, unknown> | undefined;
  /** In place of the requested arguments. */
  tool_args?: Record<string, unknown> | undefined;
  /** What came of the work that was already done by hand. */
  result?: string | undefined;
  /** For how many seconds calls like this one need not ask. */
  grant?: number | undefined;
  /** What was typed as the target of the call. */
  target?: string | undefined;
}

/** The body of `POST /approvals/{id}/resolve`, about the call as it was shown. Of a rejection only the reason counts. */
export function resolutionOf(
  { digest }: Pick<Approval, 'digest'>,
  status: DecisionVerdict,
  { note, values, tool_args, result, grant, target }: Draft,
) {
  const trimmed = note.trim();
  const data: ResolutionData = {
    ...(trimmed !== '' && { note: trimmed }),
    ...(status === 'approved' && {
      ...(values && result === undefined && { values }),
      ...(tool_args && { tool_args }),
      ...(result !== undefined && { result }),
      ...(grant !== undefined && { grant: { expires_in: grant } }),
    }),
  };
  const isTyped = status === 'approved' && target !== undefined && target !== '';
  return { status, digest, ...(isTyped && { target }), ...(Object.keys(data).length > 0 && { resolution_data: data }) };
}

interface Person {
  subject: string;
  groups: readonly string[];
  /** Who has named them as a deputy. */
  standsInFor?: readonly { delegator: string; approval_id: string | null }[];
}

/** In whose place this person decides, who may not by a group of their own; null: in nobody's. */
export function placeFor({ subject, groups, standsInFor = [] }: Person, approval: Approval): string | null {
  const { terms, decisions } = approval;
  const approvers = approversOf(approval);
  if (approvers.some((each) => isMember(each, { by: subject, groups }))) return null;
  if (!terms.deputies.some((each) => isMember(each, { by: subject, groups }))) return null;
  const isTaken = (name: string) =>
    decisions.some((each) => isStanding(approval, each) && namesOf(each).includes(name));
  const found = standsInFor.find(
    ({ delegator, approval_id }) =>
      (approval_id === null || approval_id === approval.id) &&
      !(terms.four_eyes && isRequester({ subject: delegator }, approval)) &&
      approvers.some((each) => isMember(each, { by: delegator })) &&
      !isTaken(delegator),
  );
  return found?.delegator ?? null;
}

const approversOf = ({ terms, escalated_at }: Approval) => [
  ...terms.approvers,
  ...(escalated_at === null ? [] : terms.escalate_to),
];

/** Who has approved a call in the place of this person, who can still reject it; undefined: nobody has. */
export const approvedInPlaceOf = ({ subject }: Pick<Person, 'subject'>, approval: Approval): string | undefined =>
  approval.decisions.find(
    (decision) =>
      decision.verdict === 'approved' && decision.on_behalf_of === subject && isStanding(approval, decision),
  )?.by ?? undefined;

/** Why this person cannot decide, as far as the record tells; null when nothing speaks against it. */
export function obstacleFor(person: Person, approval: Approval): string | null {
  const { subject, groups } = person;
  const { terms, decisions } = approval;
  if (terms.four_eyes && isRequester(person, approval))
    return 'You requested this call, so another person has to decide.';
  const own = decisions.find((decision) => decision.by === subject && isStanding(approval, decision));
  if (own) return `You have ${own.verdict} this. It waits for others.`;
  const approvers = approversOf(approval);
  if (approvers.some((each) => each.group === null || isMember(each, { by: subject, groups }))) return null;
  if (placeFor(person, approval) !== null) return null;
  return `This needs a member of ${approvers.map(({ group }) => group).join(' or ')}.`;
}

const isRequester = ({ subject }: Pick<Person, 'subject'>, { user_id, requested_by }: Approval): boolean =>
  user_id === subject || requested_by === subject;

/** Whether the rules name them for an emergency. Whoever requested the call is out, with whatever eyes. */
export const mayBreakGlass = (person: Person, approval: Approval): boolean =>
  approval.status === 'pending' &&
  !isRequester(person, approval) &&
  approval.requested_by !== null &&
  approval.terms.break_glass.some((each) => isMember(each, { by: person.subject, groups: person.groups }));

/** Whether they can close the review of a broken glass. */
export function mayReview(person: Person, approval: Approval): boolean {
  const { break_glass, review, terms } = approval;
  if (review !== 'open' || break_glass?.by === person.subject || isRequester(person, approval)) return false;
  const groups = [...terms.approvers, ...terms.escalate_to, ...terms.break_glass];
  return groups.some((each) => each.group === null || isMember(each, { by: person.subject, groups: person.groups }));
}

/** Whether the rules ask for a reason with this verdict. */
export const needsReason = ({ terms }: Approval, verdict: DecisionVerdict): boolean =>
  terms.reason_required.includes(verdict === 'approved' ? 'approve' : 'reject');

/** The rule that has decided, without a person. One that would let a call through does not where fields are to be filled in, or after a restore. */
export function decidingRule({ status, resolved_by, policy }: Approval): Approval['policy'] {
  const isDecided = (status === 'approved' || status === 'rejected') && resolved_by === null;
  return isDecided && policy?.outcome !== 'require' ? policy : null;
}

/** The outcome of an approval, after a decision that came too late. */
export function whoDecided({ status, resolved_by, decisions, resolution_data }: Approval): string {
  if (status === 'expired') return 'No decision in time: the approval has expired.';
  if (status === 'cancelled') return 'Its run is over, so nothing is left to decide.';
  const note = decisions.findLast(({ by }) => by === resolved_by)?.note ?? resolution_data?.note;
  return `${resolved_by ?? 'Someone'} ${status} it${note ? `: “${note}”` : ''}.`;
}
