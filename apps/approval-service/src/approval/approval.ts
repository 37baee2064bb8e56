import { emit } from '@countersign/contracts';
import type { Approval, Comment } from '@countersign/contracts/approvals';
import type { RunStatus } from '@countersign/contracts/runs';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, rejected, touch } from '@countersign/persistence';
import { breakGlass } from './break-glass/break-glass.js';
import { review } from './break-glass/review.js';
import { due } from './due.js';
import type { ApprovalMessage, ApprovalTransition } from './messages.js';
import { answerPreview } from './previews/preview.js';
import { wantPreview } from './previews/wanted.js';
import { answer, ask } from './questions/question.js';
import { recordDecision } from './record-decision.js';
import { rejudge } from './rejudge.js';
import { createCancelled, requireApproval, statusAfter } from './required.js';
import { byNoOne, callOf, neverPublished, resolved, resendAnswer } from './resolution.js';

/**
 * The life of an approval.
 *
 * ```
 *                 ┌─ enough people approve ──► approved
 *  (required) ──► pending ─ a person rejects ► rejected
 *      │          ├─ its time is up ─────────► expired
 *      │          └─ its run is over ────────► cancelled
 *      └─ rules or a grant decide ───────────► approved | rejected
 * ```
 *
 * Somebody who may decide can ask those who requested it; nobody else approves it until they answer, and its time goes on.
 *
 * While it is pending, other rules can come into force: it is held against them then, and with each decision.
 *
 * Where its tool has a preview, nobody approves before that is there, and who approves it approves what was shown.
 *
 * It leaves `pending` once, and says so with one `approval.resolved`.
 */
export function decideApproval(
  approval: Approval | undefined,
  message: ApprovalMessage,
  now: EpochMillis,
): ApprovalTransition {
  if (message.type === 'required') {
    if (!approval) return requireApproval(message, now);
    return message.event.data.repeated
      ? resendAnswer(approval, now, message.event.data)
      : ignored('the approval exists');
  }
  if (message.type === 'void') {
    return approval ? endOpen(approval, message, now) : createCancelled(message, now);
  }
  if (!approval) return rejected('approval_not_found', 'there is no such approval');

  switch (message.type) {
    case 'decided':
      return approval.status === 'pending'
        ? recordDecision(approval, message, now)
        : rejected('already_resolved', `already resolved: ${approval.status}`);
    case 'glass_broken':
      return breakGlass(approval, message, now);
    case 'reviewed':
      return review(approval, message, now);
    case 'asked':
      return ask(approval, message, now);
    case 'answered':
      return answer(approval, message, now);
    case 'due':
      return due(approval, now, message.set_back ?? null);
    case 'rejudged':
      return rejudge(approval, message.rules, now);
    case 'never_published':
      return neverPublished(approval, message.reason, now);
    case 'commented':
      return comment(approval, message.comment, now);
    case 'preview_wanted':
      return wantPreview(approval, message, now);
    case 'tool.previewed':
      return answerPreview(approval, message.data, now);
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
      return followRun(approval, statusAfter[message.type], now);
    case 'removed':
      return remove(approval, now);
    default:
      return message satisfies never;
  }
}

const mostComments = 1_000;

function comment(approval: Approval, comment: Omit<Comment, 'at'>, now: EpochMillis): ApprovalTransition {
  if (approval.comments.some(({ id }) => id === comment.id)) return ignored('this comment is recorded');
  if (approval.comments.length >= mostComments)
    return rejected('too_many_comments', `there are ${mostComments} comments already`);
  const added: Comment = { ...comment, at: toEpochSeconds(now) };
  const commented = touch(approval, now, { comments: [...approval.comments, added] });
  return changed(
    commented,
    emit('approval.commented', { ...callOf(approval), status: approval.status, comment: added }),
  );
}

/** Keeps the status of the run beside the approval, and voids the open requests of a run that is over. */
function followRun(approval: Approval, run_status: RunStatus, now: EpochMillis): ApprovalTransition {
  const followed = touch(approval, now, { run_status });
  if (approval.status === 'pending') return resolved(followed, 'cancelled', byNoOne, now);
  return approval.run_status === run_status ? ignored('this is known') : changed(followed);
}

/** What a finished run still waited for. A repeated end without a decision means that `approval.resolved` was lost. */
function endOpen(approval: Approval, { event, requirement }: VoidMessage, now: EpochMillis): ApprovalTransition {
  const followed = followRun(approval, statusAfter[event.type], now);
  const hasHeard = !event.data.repeated || requirement.confirmation !== null;
  return followed.kind === 'changed' || hasHeard ? followed : resendAnswer(approval, now);
}

type VoidMessage = Extract<ApprovalMessage, { type: 'void' }>;

/**
 * Hides the record. Removing one that is pending voids it first, so that its run does not wait for ever. Whoever broke glass
 * does not hide it before it was reviewed.
 */
function remove(approval: Approval, now: EpochMillis): ApprovalTransition {
  if (approval.deleted_at !== null) return ignored('it is removed');
  if (approval.review === 'open') return rejected('review_open', 'the review of a broken glass is open');
  const removed = { ...approval, deleted_at: toEpochSeconds(now) };
  const next =
    approval.status === 'pending' ? resolved(removed, 'cancelled', byNoOne, now) : changed(touch(removed, now, {}));
  if (next.kind !== 'changed') return next;
  const { status } = next.state;
  return changed(next.state, ...next.events, emit('approval.deleted', { ...callOf(approval), status }));
}
