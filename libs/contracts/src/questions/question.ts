import { z } from 'zod';
import { Id } from '../fields/fields.js';
import { EpochSeconds } from '../time/epoch.js';

export const QuestionText = z.string().trim().min(1).max(10_000);

/** The words of whoever gave it: nobody has checked them. */
export const Answer = z.object({ by: Id, at: EpochSeconds, text: QuestionText });
export type Answer = z.infer<typeof Answer>;

/** Asked by somebody who may decide, of those who requested the call. */
export const Question = z.object({
  id: Id,
  by: Id,
  at: EpochSeconds,
  text: QuestionText,
  answer: Answer.nullable().meta({ description: 'A quote of whoever gave it; unverified.' }),
  withdrawn_at: EpochSeconds.nullable().meta({
    description: 'When the question was withdrawn: whoever asked it decided without an answer.',
  }),
});
export type Question = z.infer<typeof Question>;

export const AskRequest = z.object({ text: QuestionText });
export const AnswerRequest = z.object({ text: QuestionText });
