import { isStanding, type Approval } from '@countersign/contracts/approvals';
import { askersOf, quorum, type Quorum } from '@countersign/definitions/policy';

/**
 * How far the approval is, by what counts under its terms.
 *
 * @param escalated whether those count who stand in
 */
export function quorumOf(approval: Approval, escalated = approval.escalated_at !== null): Quorum {
  const counted = approval.decisions.filter((decision) => isStanding(approval, decision));
  return quorum(approval.terms, counted, askersOf(approval), escalated);
}
