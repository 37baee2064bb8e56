import type { EventName } from '@countersign/contracts';
import type { LoggedEvent } from '@countersign/contracts/event-log';

/** All events there are; the type sees to it that none is missing. */
const known: Record<EventName, true> = {
  'run.requested': true,
  'tool.call_requested': true,
  'tool.call_refused': true,
  'run.cancel_requested': true,
  'run.refused': true,
  'run.cancel_refused': true,
  'run.started': true,
  'run.paused': true,
  'run.continued': true,
  'run.output_delta': true,
  'run.completed': true,
  'run.failed': true,
  'run.cancelled': true,
  'tool.approval_required': true,
  'approval.created': true,
  'approval.reminder_due': true,
  'approval.escalated': true,
  'approval.rejudged': true,
  'approval.commented': true,
  'approval.question_asked': true,
  'approval.question_answered': true,
  'approval.answer_requested': true,
  'approval.answer_refused': true,
  'approval.glass_broken': true,
  'approval.glass_reviewed': true,
  'approval.resolve_refused': true,
  'approval.grant_created': true,
  'approval.grant_revoked': true,
  'approval.decision_recorded': true,
  'approval.resolve_requested': true,
  'approval.resolved': true,
  'tool.execution_started': true,
  'tool.execution_progress': true,
  'tool.execution_completed': true,
  'tool.execution_failed': true,
  'tool.execution_outcome_unknown': true,
  'tool.pause_requested': true,
  'tool.resume_requested': true,
  'tool.pause_refused': true,
  'tool.resume_refused': true,
  'tool.paused': true,
  'tool.resumed': true,
  'approval.deleted': true,
  'tool.call_started': true,
  'tool.call_ended': true,
  'tool.execution_intervened': true,
  'access.key_created': true,
  'access.key_revoked': true,
  'access.signed_in': true,
  'access.signed_out': true,
  'access.refused': true,
  'config.rules_declared': true,
  'config.activated': true,
  'message.dead_letter_settled': true,
  'audit.recorded': true,
  'audit.checkpoint_signed': true,
};
export const eventTypes = Object.keys(known) as EventName[];

/** Each event once, by their times. */
export function newestFirst(events: readonly LoggedEvent[]): LoggedEvent[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  return [...byId.values()].toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time));
}
