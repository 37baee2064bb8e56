import type { Approval } from '@countersign/contracts';
import { askersOf, quorum, type Quorum } from '@countersign/definitions';

/**
 * How far the approval is, by what counts under its terms. A reason that they ask for by now was given then, or it does
 * not count.
 *
 * @param escalated whether those count who stand in
 */
export function quorumOf(approval: Approval, escalated = approval.escalated_at !== null): Quorum {
  const { terms, decisions } = approval;
  const needsReason = terms.reason_required.includes('approve');
  const counted = decisions.filter(({ verdict, note }) => verdict === 'rejected' || !needsReason || note?.trim());
  return quorum(terms, counted, askersOf(approval), escalated);
}
