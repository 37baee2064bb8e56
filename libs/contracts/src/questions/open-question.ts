import type { Approval } from '../approvals/approval.js';
import type { Question } from './question.js';

/** The question that a pending approval waits for the answer to: nobody but who asked approves it meanwhile. */
export const openQuestion = ({ status, questions }: Pick<Approval, 'status' | 'questions'>): Question | undefined =>
  status === 'pending'
    ? questions.find(({ answer, withdrawn_at }) => answer === null && withdrawn_at === null)
    : undefined;
