import type { Event } from '@countersign/contracts';
import type { Approval, Comment, PossiblyExecuted } from '@countersign/contracts/approvals';
import type { Requirement } from '@countersign/contracts/calls';
import type { ProblemCode } from '@countersign/contracts/problems';
import type { Transition } from '@countersign/persistence';
import type { NoGate } from '../gates/gates.js';
import type { Rules } from '../policy/rules.js';
import type { PolicyDecision } from './approval-request.js';
import type { BreakGlassCommand } from './break-glass/break-glass.js';
import type { ReviewCommand } from './break-glass/review.js';
import type { DecisionCommand, ObjectionCode } from './decision.js';
import type { PreviewCommand } from './previews/wanted.js';
import type { AnswerCommand, AskCommand, QuestionRejection } from './questions/question.js';

/** Why what was approved so far may have been made since, by records that are lost; null: it was not. */
export type SetBackCode = PossiblyExecuted['code'] | null;

/** The messages of an approval. `set_back`: where others' approvals could be enough after it. */
export type ApprovalMessage =
  | {
      type: 'required';
      event: Event<'tool.approval_required'>;
      policyDecision: PolicyDecision;
      refusal?: NoGate | undefined;
    }
  | ({ type: 'decided'; set_back?: SetBackCode } & DecisionCommand)
  | { type: 'commented'; comment: Omit<Comment, 'at'> }
  | ({ type: 'glass_broken' } & BreakGlassCommand)
  | ({ type: 'reviewed' } & ReviewCommand)
  | ({ type: 'asked' } & AskCommand)
  | ({ type: 'answered'; set_back?: SetBackCode } & AnswerCommand)
  /** A run that is over still waited for this; the request for it may not have arrived yet. */
  | { type: 'void'; event: Event<'run.failed'> | Event<'run.cancelled'>; requirement: Requirement }
  | { type: 'due'; set_back?: SetBackCode }
  /** The rules have changed since the approval was requested. */
  | { type: 'rejudged'; rules: Rules }
  /** The log never takes how it was decided. */
  | { type: 'never_published'; reason: string }
  | { type: 'removed' }
  | ({ type: 'preview_wanted' } & PreviewCommand)
  | Event<'tool.previewed'>
  | Event<'run.completed'>
  | Event<'run.failed'>
  | Event<'run.cancelled'>;

/** Why a message is refused. */
export type ApprovalRejection =
  | ObjectionCode
  | QuestionRejection
  | Extract<
      ProblemCode,
      | 'already_resolved'
      | 'approval_not_found'
      | 'may_not_break_glass'
      | 'may_not_review'
      | 'preview_not_possible'
      | 'review_not_open'
      | 'review_open'
      | 'too_many_comments'
    >;
export type ApprovalTransition = Transition<Approval, ApprovalRejection>;
