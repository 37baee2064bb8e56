import type { Event } from '@countersign/contracts';
import {
  approvalDigest,
  plainRequireTerms,
  type Approval,
  type GrantBasis,
  type PossiblyExecuted,
  type RequireTerms,
  type Ruling,
} from '@countersign/contracts/approvals';
import { callDigest, pauseTypeOf, type Requirement } from '@countersign/contracts/calls';
import type { Preview } from '@countersign/contracts/previews';
import type { Presentation } from '@countersign/contracts/presentation';
import {
  earliest,
  toEpochMillis,
  after,
  type EpochMillis,
  type EpochSeconds,
  type Seconds,
} from '@countersign/contracts/time';

import type { PreviewTerms } from './previews/preview.js';

/** What is fixed about an approval when it is requested: the outcome of the rules, and the terms. */
export interface PolicyDecision {
  terms: RequireTerms;
  policy: Ruling | null;
  /** The digest of the rules; null without any. */
  rules_version: string | null;
  /** The outcome of the shadow rules. */
  shadow: Ruling | null;
  /** Why the rules reject it; passed to the model. */
  reason: string | null;
  /** The standing grant that approves it, of which a use has been taken. */
  grant: GrantBasis | null;
  /** How the call is shown, and how risky it is. */
  presentation: Presentation | null;
  /** The preview that its tool has. */
  preview: PreviewTerms | null;
  /** What was shown when the same call was approved before. */
  previewBefore: Preview['before'];
  /** Why a person decides, whatever the rules say. */
  possibly_executed: PossiblyExecuted | null;
}

/** Without rules or grants. */
export const unjudged: PolicyDecision = {
  terms: plainRequireTerms,
  policy: null,
  rules_version: null,
  shadow: null,
  reason: null,
  grant: null,
  presentation: null,
  preview: null,
  previewBefore: null,
  possibly_executed: null,
};

/** What a request says; the rest of a new record follows. */
type ApprovalRequest = Pick<
  Approval,
  | 'id'
  | 'run_id'
  | 'agent_id'
  | 'session_id'
  | 'user_id'
  | 'requested_by'
  | 'tool_call_id'
  | 'tool_name'
  | 'tool_args'
  | 'salt'
  | 'approval_type'
  | 'pause_type'
  | 'source_name'
  | 'requirements'
  | 'parameters'
  | 'tool_version'
  | 'annotations'
  | 'context'
  | 'traceparent'
  | 'tracestate'
>;

export function requestIn({ data, traceparent, tracestate }: Event<'tool.approval_required'>): ApprovalRequest {
  const { approval_id, requirement, digest: _digest, repeated: _repeated, ...rest } = data;
  const { run_began_at: _run_began_at, set_back: _set_back, agent_version: _agent_version, ...request } = rest;
  return { ...request, id: approval_id, requirements: [requirement], traceparent, tracestate };
}

/** Whether the request is about the call that its digest is of. */
export const isSound = ({ data }: Event<'tool.approval_required'>): boolean => callDigest(data) === data.digest;

/** What the end of a run tells of a request that did not arrive; its arguments may be redacted. */
export function requestBeforeEnd(
  { data, traceparent, tracestate }: Event<'run.failed'> | Event<'run.cancelled'>,
  requirement: Requirement,
): ApprovalRequest {
  const { run_id, agent_id, session_id, user_id, requested_by } = data;
  const { tool_call_id, tool_name, tool_args, approval_id, approval_type } = requirement.tool_execution;
  return {
    id: approval_id ?? requirement.id,
    run_id,
    agent_id,
    session_id,
    user_id,
    requested_by,
    tool_call_id,
    tool_name,
    tool_args,
    salt: null,
    approval_type: approval_type ?? 'required',
    pause_type: pauseTypeOf(requirement.tool_execution),
    source_name: agent_id,
    requirements: [requirement],
    parameters: null,
    tool_version: null,
    annotations: null,
    context: {},
    traceparent,
    tracestate,
  };
}

/** @param at when, in seconds since the epoch. */
export function newApproval(
  request: ApprovalRequest,
  { terms, policy, rules_version, shadow, grant, presentation, possibly_executed }: PolicyDecision,
  at: EpochSeconds,
): Approval {
  const within = (duration: Seconds | null) => (duration === null ? null : after(at, duration));
  const approval: Approval = {
    ...request,
    status: 'pending',
    source_type: 'agent',
    expires_at: within(terms.expires_in),
    team_id: null,
    workflow_id: null,
    schedule_id: null,
    schedule_run_id: null,
    resolution_data: null,
    resolved_by: null,
    resolved_at: null,
    run_status: 'PAUSED',
    decisions: [],
    required_approvals: terms.approvers.reduce((sum, { count }) => sum + count, 0),
    allowed_decisions: terms.allowed_decisions,
    terms,
    policy,
    rules_version,
    shadow,
    presentation,
    preview: null,
    approved_args: null,
    grant_id: grant?.id ?? null,
    granted: grant,
    possibly_executed,
    comments: [],
    questions: [],
    break_glass: null,
    review: null,
    reviewed: null,
    remind_at: within(terms.remind_every),
    reminders: 0,
    escalate_at: within(terms.escalate_after),
    escalated_at: null,
    signature: null,
    digest: '',
    deleted_at: null,
    due_at: null,
    version: 0,
    created_at: at,
    updated_at: at,
  };
  return { ...approval, digest: approvalDigest(approval), due_at: nextDue(approval) };
}

/** When a pending approval next needs attention without being asked. */
export function nextDue({ expires_at, remind_at, escalate_at, preview }: Approval): EpochMillis | null {
  const answer_by = preview?.status === 'requested' ? preview.answer_by : null;
  const times = [expires_at, remind_at, escalate_at, answer_by].filter((time) => time !== null);
  return times.length > 0 ? toEpochMillis(earliest(...times)) : null;
}
