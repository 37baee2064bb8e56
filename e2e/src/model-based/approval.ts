import type { ApprovalStatus, DecisionVerdict } from '@countersign/contracts/approvals';
import type { EpochSeconds } from '@countersign/contracts/time';

/** What an approval takes: one person, two, or one who is quick. */
export type Kind = 'plain' | 'jury' | 'urgent';

/** Started every run, so it decides on none. */
export const requester = 'ana';
export const people = ['ada', 'bob', 'cyd', requester] as const;

/** An approval as a client remembers it: the simplest thing that the service can be compared with. */
export interface Remembered {
  readonly id: string;
  readonly run_id: string;
  readonly line: string;
  readonly kind: Kind;
  readonly expires_at: EpochSeconds | null;
  status: ApprovalStatus;
  decisions: { by: string; verdict: DecisionVerdict }[];
  comments: string[];
  resolved_by: string | null;
  removed: boolean;
  /** Its run was cancelled at some time, so it is open whether an approved call was made. */
  cancelled: boolean;
}

/** How a decision is answered; remembers it when it counts. */
export function decide(approval: Remembered, by: string, verdict: DecisionVerdict): 200 | 403 | 404 | 409 {
  if (approval.removed) return 404;
  if (approval.status !== 'pending') return 409;
  if (approval.decisions.some((decision) => decision.by === by)) return 409;
  if (by === requester) return 403;
  approval.decisions.push({ by, verdict });
  const needed = approval.kind === 'jury' ? 2 : 1;
  if (verdict === 'rejected' || approval.decisions.length === needed) end(approval, verdict, by);
  return 200;
}

export function end(approval: Remembered, status: ApprovalStatus, by: string | null = null): void {
  approval.status = status;
  approval.resolved_by = by;
}
