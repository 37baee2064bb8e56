import type { Approval, BulkResult } from '@countersign/contracts/approvals';
import { hintOf, problems, ProblemError } from '@countersign/contracts/problems';
import type { Outcome } from '../decisions/decisions.js';

/** What a decision is answered with over HTTP. @throws ProblemError when it does not count */
export function answerOf(id: string, outcome: Outcome): Approval {
  if ('ok' in outcome) return outcome.ok;
  const { code, message, errors } = outcome;
  throw new ProblemError(code, message, { id, errors });
}

/** The same, for one of many: what would be thrown is the outcome. */
export function resultOf(id: string, outcome: Outcome): BulkResult {
  if ('ok' in outcome) return { id, status: 200, detail: outcome.ok.status, code: null, hint: null };
  const { code, message } = outcome;
  return { id, status: problems[code].status, detail: message, code, hint: hintOf(code, id) };
}

export const noSuchApproval = (id: string): ProblemError =>
  new ProblemError('approval_not_found', `There is no approval "${id}".`);
