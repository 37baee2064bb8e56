import type { Approval, NoticeKind } from '@countersign/contracts';

/**
 * Which notice of a kind is due, by the record alone: anybody can write to the log that one is. What an approval gives
 * no reason for is due to nobody, and what was said is said once, however often the event comes.
 *
 * @returns a number that no other notice of its kind has; undefined when none is due.
 */
export function dueNotice(approval: Approval, kind: NoticeKind): number | undefined {
  if ((kind === 'resolved') !== (approval.status !== 'pending')) return undefined;
  if (kind === 'escalation') return approval.escalated_at === null ? undefined : 1;
  return kind === 'reminder' ? lastReminder(approval) : 1;
}

/** How many seconds after it was asked for the latest reminder was due. */
function lastReminder({ remind_at, created_at, terms: { remind_every } }: Approval): number | undefined {
  if (remind_at === null || remind_every === null) return undefined;
  const after = remind_at - remind_every - created_at;
  return after > 0 ? after : undefined;
}
