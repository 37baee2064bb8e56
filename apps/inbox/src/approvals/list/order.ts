import type { Approval } from '@countersign/contracts/approvals';
import type { EpochSeconds } from '@countersign/contracts/time';

/** What expires within this many seconds stands before everything else. */
export const pressing = 3_600;

/** Whether so little time is left that an approval goes first. */
const presses = ({ status, expires_at }: Pick<Approval, 'status' | 'expires_at'>, now: EpochSeconds): boolean =>
  status === 'pending' && expires_at !== null && expires_at <= now + pressing;

/** The most urgent first, by their deadlines; then the newest. */
export function inOrder(approvals: Iterable<Approval>, now: EpochSeconds): Approval[] {
  const urgent: Approval[] = [];
  const others: Approval[] = [];
  for (const approval of approvals) (presses(approval, now) ? urgent : others).push(approval);
  return [
    ...urgent.toSorted((a, b) => a.expires_at! - b.expires_at! || byId(a, b)),
    ...others.toSorted((a, b) => b.created_at - a.created_at || byId(a, b)),
  ];
}

const byId = (a: Approval, b: Approval): number => (a.id < b.id ? -1 : 1);
