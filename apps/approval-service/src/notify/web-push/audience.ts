import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeKind } from '@countersign/contracts/deliveries';
import { unauthorised } from '../../approval/decision.js';
import type { StandIn } from '../../approval/deputies/deputy.js';

interface Person {
  subject: string;
  groups: readonly string[];
  standsInFor: readonly StandIn[];
}

/** Whether a notice is for this person: of what waits whoever may decide it, of a question and an outcome who had a part. */
export function concerns(approval: Approval, kind: NoticeKind, { subject, groups, standsInFor }: Person): boolean {
  const { user_id, requested_by, decisions } = approval;
  const hasRequested = user_id === subject || requested_by === subject;
  if (kind === 'break_glass') return true;
  if (kind === 'question') return hasRequested;
  if (kind === 'resolved' || kind === 'ended') return hasRequested || decisions.some(({ by }) => by === subject);
  return unauthorised(approval, { by: subject, groups, standsInFor, verdict: 'approved' }) === null;
}
