import type { Approval } from '@countersign/contracts/approvals';
import type { EpochSeconds } from '@countersign/contracts/time';

/** What expires within this many seconds stands before everything else. */
export const pressing = 3_600;

/** Whether so little time is left that an approval goes first. */
const presses = ({ status, expires_at }: Pick<Approval, 'status' | 'expires_at'>, now: EpochSeconds): boolean =>
  status === 'pending' && expires_at !== null && expires_at <= now + pressing;

/**
 * The most urgent first, by their deadlines; then the calls of the newest runs, those of a run together and alike ones side
 * by side.
 */
export function inOrder(approvals: Iterable<Approval>, now: EpochSeconds): Approval[] {
  const urgent: Approval[] = [];
  const others: Approval[] = [];
  for (const approval of approvals) (presses(approval, now) ? urgent : others).push(approval);
  return [...urgent.toSorted((a, b) => a.expires_at! - b.expires_at! || byId(a, b)), ...byRun(others)];
}

function byRun(approvals: readonly Approval[]): Approval[] {
  const newest = new Map<string, number>();
  for (const { run_id, created_at } of approvals) newest.set(run_id, Math.max(newest.get(run_id) ?? 0, created_at));
  return approvals.toSorted(
    (a, b) =>
      newest.get(b.run_id)! - newest.get(a.run_id)! ||
      inText(a.run_id, b.run_id) ||
      inText(a.tool_name, b.tool_name) ||
      b.created_at - a.created_at ||
      byId(a, b),
  );
}

/** How many rows from this one on are of its run; 0 where it is not the first of several. */
export function runBegins(rows: readonly { approval: Pick<Approval, 'run_id'> }[], at: number): number {
  const run = rows[at]?.approval.run_id;
  if (rows[at - 1]?.approval.run_id === run) return 0;
  const end = rows.findIndex(({ approval }, n) => n > at && approval.run_id !== run);
  const length = (end < 0 ? rows.length : end) - at;
  return length > 1 ? length : 0;
}

const inText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const byId = (a: Approval, b: Approval): number => (a.id < b.id ? -1 : 1);
