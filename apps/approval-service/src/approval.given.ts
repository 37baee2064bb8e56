import type { Approval, Event, Requirement, ResolutionData, Verdict } from '@countersign/contracts';
import { goldenEvent } from '@countersign/testing';
import { decideApproval, type ApprovalMessage, type Terms } from './approval.js';

/** Approvals and messages for specifications; the request is the golden one. */
export const now = Date.parse('2026-09-01T09:30:00.900Z');
export const nowSeconds = Math.floor(now / 1000);

export const required = (terms: Partial<Terms> = {}): Extract<ApprovalMessage, { type: 'required' }> => ({
  type: 'required',
  event: goldenEvent('tool.approval_required'),
  terms: { required_approvals: 1, expires_in: null, ...terms },
});
export const decided = (
  verdict: Verdict,
  by: string | null,
  resolution_data: ResolutionData | null = null,
): ApprovalMessage => ({ type: 'decided', verdict, by, resolution_data });

export const runCancelled: Event<'run.cancelled'> = goldenEvent('run.cancelled');
export const runCompleted: Event<'run.completed'> = goldenEvent('run.completed');
export const runFailed: Event<'run.failed'> = goldenEvent('run.failed');
const [requirement] = runCancelled.data.requirements as [Requirement];
export const madeVoid: ApprovalMessage = { type: 'void', event: runCancelled, requirement };

/** The approval after these messages, each of which must change it. */
export function approvalAfter(...messages: readonly ApprovalMessage[]): Approval {
  return continued(undefined, now, ...messages);
}

export function continued(from: Approval | undefined, at: number, ...messages: readonly ApprovalMessage[]): Approval {
  let approval = from;
  for (const message of messages) {
    const transition = decideApproval(approval, message, at);
    if (transition.kind !== 'changed') throw new Error(`${message.type} is ${transition.kind}: ${transition.reason}`);
    approval = { ...transition.state, version: (approval?.version ?? 0) + 1 };
  }
  return approval!;
}
