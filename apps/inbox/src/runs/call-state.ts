import { standingApprovals, type Approval } from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import type { Execution } from '@countersign/contracts/executions';
import { isQuestionTo, isMine, type Viewer } from '../approvals/list/views.js';
import { heldWords } from '../executions/held.js';

/** Where a call stands, in words for whoever looks. */
export interface CallState {
  text: string;
  tone: 'wait' | 'good' | 'bad' | 'busy' | 'unknown' | 'plain';
}

/** @param execution undefined: there is none yet, or whoever looks may not see it */
export function callState(approval: Approval, execution: Execution | undefined, viewer: Viewer): CallState {
  switch (approval.status) {
    case 'pending':
      return { tone: 'wait', text: `waiting for ${whoseTurn(approval, viewer)}` };
    case 'rejected':
      return { tone: 'bad', text: 'rejected' };
    case 'expired':
      return { tone: 'bad', text: 'not decided in time' };
    case 'cancelled':
      return { tone: 'plain', text: 'not decided: the run was over' };
    case 'approved':
      return execution ? executionState(execution) : { tone: 'good', text: 'approved' };
    default:
      return approval.status satisfies never;
  }
}

/** Who has to answer or to decide next. */
function whoseTurn(approval: Approval, viewer: Viewer): string {
  const { user_id, requested_by } = approval;
  if (!openQuestion(approval)) return isMine(approval, viewer) ? 'you' : whoMay(approval);
  return isQuestionTo(approval, viewer)
    ? 'your answer'
    : `an answer of ${user_id ?? requested_by ?? 'who requested it'}`;
}

/** Who can decide, such as `release-managers (1 of 2 so far)`. */
function whoMay(approval: Approval): string {
  const { terms, required_approvals, escalated_at } = approval;
  const groups = [...terms.approvers, ...(escalated_at === null ? [] : terms.escalate_to)].map(({ group }) => group);
  const named = groups.filter((group) => group !== null);
  const who = named.length === groups.length ? named.join(' or ') : 'another person';
  return required_approvals > 1 ? `${who} (${standingApprovals(approval)} of ${required_approvals} so far)` : who;
}

function executionState({ status, held_by }: Execution): CallState {
  switch (status) {
    case 'queued':
      return held_by
        ? { tone: 'wait', text: `held by ${heldWords[held_by.code]}` }
        : { tone: 'busy', text: 'about to begin' };
    case 'running':
      return { tone: 'busy', text: 'executing' };
    case 'reconciling':
      return { tone: 'busy', text: 'finding out what came of it' };
    case 'awaiting_report':
      return { tone: 'wait', text: 'waiting for a person to make it' };
    case 'outcome_unknown':
      return { tone: 'unknown', text: 'outcome unknown: a person has to find out' };
    case 'succeeded':
      return { tone: 'good', text: 'done' };
    case 'failed':
      return { tone: 'bad', text: 'failed' };
    case 'cancelled':
      return { tone: 'plain', text: 'cancelled' };
    default:
      return status satisfies never;
  }
}

/** Who let a call through. One that was cancelled without a decision was let through by nobody. */
export function approvedBy(
  { approved_by, status, attempts }: Pick<Execution, 'approved_by' | 'status' | 'attempts'>,
  approval: Pick<Approval, 'status' | 'grant_id'> | undefined,
): string | null {
  if (approved_by !== null) return approved_by;
  if (approval ? approval.status !== 'approved' : status === 'cancelled' && attempts.length === 0) return null;
  return approval?.grant_id ? 'a standing grant' : 'the rules';
}
