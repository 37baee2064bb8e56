import type { Approval } from '@countersign/contracts/approvals';
import { previewOf } from '@countersign/contracts/previews';
import type { DecisionCommand, Objection } from '../decision.js';

/**
 * Why a verdict is of what nobody has been shown, if it is: the preview is of what would run, and whoever approves says by
 * the digest that it is the one they saw, since another may have taken its place.
 *
 * @param args that would run
 */
export function unseen(
  approval: Approval,
  { verdict, resolution_data, digest }: DecisionCommand,
  args: Approval['tool_args'],
): Objection | null {
  const { preview } = approval;
  if (!preview || verdict === 'rejected' || resolution_data?.result !== undefined) return null;
  if (preview.status === 'requested') return missing('the preview of the call is being made: wait for it');
  const isOfCall = previewOf(approval, args) !== null;
  if (isOfCall && preview.status === 'shown')
    return digest === undefined ? missing('say which preview you saw, by the digest of the approval') : null;
  if (!preview.required) return null;
  return missing(
    isOfCall
      ? `there is no preview of the call: ${preview.reason}`
      : 'the preview is of other arguments: ask for one of these first',
  );
}

const missing = (reason: string): Objection => ({ code: 'preview_missing', reason });
