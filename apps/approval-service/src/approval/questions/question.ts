import { emit } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { openQuestion, type Question } from '@countersign/contracts/questions';
import type { ProblemCode } from '@countersign/contracts/problems';
import { toEpochSeconds, type EpochMillis, type EpochSeconds } from '@countersign/contracts/time';
import { askersOf, mayDecide } from '@countersign/definitions/policy';
import { changed, ignored, rejected, touch } from '@countersign/persistence';
import type { Rules } from '../../policy/rules.js';
import { unauthorised } from '../decision.js';
import type { StandIn } from '../deputies/deputy.js';
import { concluded, due } from '../due.js';
import type { ApprovalTransition, SetBackCode } from '../messages.js';
import { hold } from '../rejudge.js';
import { callOf } from '../resolution.js';

interface Spoken {
  by: string | null;
  /** Those of whoever speaks, as the identity system says. */
  groups: readonly string[];
  text: string;
  /** In whose place they may decide, as far as those who named them are concerned. */
  standsInFor?: readonly StandIn[] | undefined;
  /** Those in force where it is taken. */
  rules: Rules;
}
export interface AskCommand extends Spoken {
  id: string;
}
export interface AnswerCommand extends Spoken {
  question_id: string;
  isAdministrator: boolean;
  /** Whether their roles let them decide at all; the rules may name anybody. */
  isApprover: boolean;
}

export type QuestionRejection = Extract<
  ProblemCode,
  'already_answered' | 'may_not_answer' | 'question_not_found' | 'question_open' | 'too_many_questions'
>;

const mostQuestions = 100;

/** Whoever may decide now may ask instead, of those who requested the call. */
export function ask(pending: Approval, asked: AskCommand, now: EpochMillis): ApprovalTransition {
  const { id, by, text, rules } = asked;
  if (pending.questions.some((question) => question.id === id)) return ignored('this question is recorded');
  const current = underRules(pending, rules, now);
  if ('kind' in current) return current;
  const { approval, events } = current;
  if (by === null) return rejected('decider_unknown', 'it has to be known who asks');
  const objection = unauthorised(approval, asked);
  if (objection) return rejected(objection.code, objection.reason);
  if (openQuestion(approval)) return rejected('question_open', 'another question is not answered yet');
  if (approval.questions.length >= mostQuestions)
    return rejected('too_many_questions', `there are ${mostQuestions} questions already`);
  const at = toEpochSeconds(now);
  const question: Question = { id, by, at, text, answer: null, withdrawn_at: null };
  const state = touch(approval, now, { questions: [...approval.questions, question] });
  return changed(state, ...events, emit('approval.question_asked', { ...about(state, question), by, at, text }));
}

/** Questions and answers are recorded as quotes. They change neither the call nor who decides. */
export function answer(
  pending: Approval,
  answered: AnswerCommand & { set_back?: SetBackCode },
  now: EpochMillis,
): ApprovalTransition {
  const { question_id, by, text, rules } = answered;
  const known = pending.questions.find(({ id }) => id === question_id);
  if (!known) return rejected('question_not_found', `there is no question "${question_id}" here`);
  if (known.answer !== null && known.answer.by === by && known.answer.text === text)
    return ignored('this answer is recorded');
  const current = underRules(pending, rules, now);
  if ('kind' in current) return current;
  const { approval, events } = current;
  if (by === null || !mayAnswer(approval, known, answered))
    return rejected('may_not_answer', 'those who requested the call answer, or others who may decide than who asked');
  if (openQuestion(approval)?.id !== question_id)
    return rejected('already_answered', 'the question was answered or withdrawn');
  const given = { by, at: toEpochSeconds(now), text };
  const questions = approval.questions.map((each) => (each.id === question_id ? { ...each, answer: given } : each));
  const state = touch(approval, now, { questions });
  const event = emit('approval.question_answered', { ...about(state, known), answer: given });
  return concluded(state, now, answered.set_back ?? null, ...events, event);
}

/** Who has decided needs no answer any more. */
export const withdrawnBy = (by: string | null, questions: readonly Question[], at: EpochSeconds): Question[] =>
  questions.map((each) =>
    by !== null && each.by === by && each.answer === null && each.withdrawn_at === null
      ? { ...each, withdrawn_at: at }
      : each,
  );

/** The approval under the rules of the moment; or what becomes of it instead. */
function underRules(pending: Approval, rules: Rules, now: EpochMillis): ReturnType<typeof hold> {
  if (pending.status !== 'pending') return rejected('already_resolved', `already resolved: ${pending.status}`);
  const held = hold(pending, rules, now);
  if ('kind' in held) return held;
  const { expires_at } = held.approval;
  return expires_at !== null && expires_at <= toEpochSeconds(now) ? due(held.approval, now) : held;
}

/** Nobody answers what they have asked themselves. A colleague may, so that a call does not wait for who is away. */
function mayAnswer(approval: Approval, question: Question, answered: AnswerCommand): boolean {
  const { by, groups, isAdministrator, isApprover } = answered;
  if (by === null || by === question.by) return false;
  const { user_id, requested_by, terms, escalated_at } = approval;
  if (by === user_id || by === requested_by || isAdministrator) return true;
  return isApprover && mayDecide(terms, by, askersOf(approval), groups, escalated_at !== null) === undefined;
}

const about = (approval: Approval, { id: question_id }: Question) => {
  const { status, user_id, requested_by } = approval;
  return { ...callOf(approval), status, question_id, user_id, requested_by };
};
