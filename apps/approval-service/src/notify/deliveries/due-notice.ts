import type { Approval } from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import type { NoticeKind } from '@countersign/contracts/deliveries';
import { isFinishedStatus } from '@countersign/contracts/runs';

/**
 * Which notice of a kind is due, by the record alone: anybody can write to the log that one is. What an approval gives
 * no reason for is not sent, and each notice is sent once, however often the event is redelivered.
 *
 * @returns a number that no other notice of its kind has; undefined when none is due.
 */
export function dueNotice(approval: Approval, kind: NoticeKind): number | undefined {
  if (kind === 'break_glass') return approval.break_glass === null ? undefined : 1;
  if (kind === 'ended') return approval.run_status !== null && isFinishedStatus(approval.run_status) ? 1 : undefined;
  if ((kind === 'resolved') !== (approval.status !== 'pending')) return undefined;
  if (kind === 'question') return openQuestion(approval) ? approval.questions.length : undefined;
  if (kind === 'answer') return answeredLast(approval) ? approval.questions.length : undefined;
  if (kind === 'escalation') return approval.escalated_at === null ? undefined : 1;
  if (kind === 'reminder') return approval.reminders === 0 ? undefined : approval.reminders;
  return 1;
}

const answeredLast = ({ questions }: Approval): boolean => (questions.at(-1)?.answer ?? null) !== null;
