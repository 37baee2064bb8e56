import { countedAs, isMember, isStanding, type Approval } from '@countersign/contracts/approvals';
import { deputiesIn } from '@countersign/contracts/delegations';
import { askersOf, mayDecide } from '@countersign/definitions/policy';

/** Somebody named whoever decides as their deputy, and it holds: for all approvals, or for one. */
export interface StandIn {
  id: string;
  delegator: string;
  approval_id: string | null;
}

interface Person {
  by: string | null;
  groups: readonly string[];
  standsInFor?: readonly StandIn[] | undefined;
}

/**
 * In whose place a person decides, if in anybody's: only where they may not decide by a group of their own, the rules let
 * them stand in, and the delegator may decide by a group whose members are listed. Groups that a token has are of its
 * holder, and nobody can tell whether the delegator has them still. A delegator who had a part in the request, or whose
 * place was taken, gives nothing.
 */
export function standingInFor(approval: Approval, { by, groups, standsInFor = [] }: Person): StandIn | undefined {
  const { terms, escalated_at } = approval;
  const named = { ...terms, approvers: terms.approvers.filter(({ group }) => group !== null) };
  const isEscalated = escalated_at !== null;
  const askers = askersOf(approval);
  if (by === null || isAsker(approval, by) || mayDecide(named, by, askers, groups, isEscalated) === undefined)
    return undefined;
  if (!deputiesIn(terms).some((group) => isMember(group, { by, groups }))) return undefined;
  return standsInFor.find(
    ({ delegator, approval_id }) =>
      (approval_id === null || approval_id === approval.id) &&
      delegator !== by &&
      mayDecide(named, delegator, askers, [], isEscalated) === undefined &&
      placeTaken(approval, delegator) === undefined,
  );
}

/** Who has decided in the place of this person: themselves, or a deputy. */
export const placeTaken = (approval: Approval, person: string): string | undefined =>
  approval.decisions.find(
    (decision) =>
      isStanding(approval, decision) &&
      (decision.by === person || countedAs(approval.terms, decision).by === person) &&
      decision.by !== null,
  )?.by ?? undefined;

const isAsker = ({ terms, user_id, requested_by }: Approval, by: string): boolean =>
  terms.four_eyes && (by === user_id || by === requested_by);
