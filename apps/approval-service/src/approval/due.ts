import { emit, type NewEvent } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import { toEpochSeconds, type EpochMillis, after, type EpochSeconds } from '@countersign/contracts/time';
import { changed, ignored, touch } from '@countersign/persistence';
import { nextDue } from './approval-request.js';
import { quorumOf } from './counted.js';
import { recordedObjection } from './decision.js';
import type { ApprovalTransition, SetBackCode } from './messages.js';
import { endPreview } from './previews/preview.js';
import { byNoOne, callOf, rejectedByRule, resolved } from './resolution.js';

/** Expires, gives a preview up, asks more people, or reminds: whatever is due, the gravest first. */
export function due(approval: Approval, now: EpochMillis, set_back: SetBackCode = null): ApprovalTransition {
  const at = toEpochSeconds(now);
  const isDue = (time: EpochSeconds | null): boolean => approval.status === 'pending' && time !== null && time <= at;
  if (isDue(approval.expires_at)) return resolved(approval, 'expired', byNoOne, now);
  const { preview } = approval;
  if (preview?.status === 'requested' && isDue(preview.answer_by)) return endPreview(approval, preview, now);
  if (isDue(approval.escalate_at)) return escalate(approval, now, set_back);
  return isDue(approval.remind_at) ? remind(approval, now) : ignored('nothing is due');
}

/**
 * More people count from now on, also those who have decided already; not where the call may have been made since they
 * did, by records that are lost.
 */
function escalate(approval: Approval, now: EpochMillis, code: SetBackCode): ApprovalTransition {
  const change = { escalated_at: toEpochSeconds(now), escalate_at: null };
  const escalated = scheduled(touch(markedAs(code, approval, now), now, change));
  const groups = approval.terms.escalate_to.map(({ group }) => group);
  const event = emit('approval.escalated', { ...callOf(approval), status: approval.status, groups });
  return concluded(escalated, now, code, event);
}

/**
 * What enough people have approved ends, though none of them decides now; while a question is open, it waits. Nor does it
 * where the call may have been made since they did, by records that are lost: then they decide anew.
 */
export function concluded(
  approval: Approval,
  now: EpochMillis,
  set_back: SetBackCode,
  ...events: NewEvent[]
): ApprovalTransition {
  if (openQuestion(approval) || !quorumOf(approval).met) return changed(approval, ...events);
  const marked = markedAs(set_back, approval, now);
  if (!quorumOf(marked).met) return changed(marked, ...events);
  // Without a new decision, nothing else checks what was approved against the rules in force.
  const objection = recordedObjection(approval);
  if (objection !== undefined) return rejectedByRule(approval, objection, now, ...events);
  const last = approval.decisions.findLast(({ verdict }) => verdict === 'approved')!;
  const { resolution_data } = approval;
  return resolved(approval, 'approved', { by: last.by, resolution_data, basis: 'people' }, now, ...events);
}

const markedAs = (code: SetBackCode, approval: Approval, now: EpochMillis): Approval =>
  code === null ? approval : { ...approval, possibly_executed: { code, since: toEpochSeconds(now) } };

/** Once, however many were missed while the service was down. */
function remind(approval: Approval, now: EpochMillis): ApprovalTransition {
  const every = approval.terms.remind_every ?? Infinity;
  const overdue = Math.floor((toEpochSeconds(now) - approval.remind_at!) / every);
  const reminder_number = approval.reminders + 1;
  const remind_at = after(approval.remind_at!, (overdue + 1) * every);
  const reminded = scheduled(touch(approval, now, { remind_at, reminders: reminder_number }));
  const { status, created_at: waiting_since } = approval;
  return changed(
    reminded,
    emit('approval.reminder_due', { ...callOf(approval), status, waiting_since, reminder_number }),
  );
}

const scheduled = (approval: Approval): Approval => ({ ...approval, due_at: nextDue(approval) });
