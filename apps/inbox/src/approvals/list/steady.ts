import type { Approval } from '@countersign/contracts/approvals';

/** A row, and whether it only keeps its place: it is none of the list any more. */
export interface SteadyRow {
  approval: Approval;
  isGone: boolean;
}

/**
 * The rows while somebody points at them: each stays where it is, also one that has just been decided, and what is further down
 * the list is added below.
 *
 * @param before what is there, null while nobody points
 * @param rows what would be there
 */
export function steadyRows(before: readonly SteadyRow[] | null, rows: readonly Approval[]): SteadyRow[] {
  if (before === null) return rows.map((approval) => ({ approval, isGone: false }));
  const now = new Map(rows.map((approval) => [approval.id, approval]));
  const kept = before.map(({ approval }) => {
    const current = now.get(approval.id);
    now.delete(approval.id);
    return { approval: current ?? approval, isGone: current === undefined };
  });
  return [...kept, ...[...now.values()].map((approval) => ({ approval, isGone: false }))];
}
