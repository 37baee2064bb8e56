import { callDigest, pauseTypeOf, type Approval, type Event, type Requirement } from '@countersign/contracts';

/** The conditions of an approval, fixed when it is asked for. */
export interface Terms {
  required_approvals: number;
  /** How long a decision may take, in seconds; `null` for as long as it takes. */
  expires_in: number | null;
}

/** What a request says; the rest of a new record follows. */
type Asked = Pick<
  Approval,
  | 'id'
  | 'run_id'
  | 'agent_id'
  | 'session_id'
  | 'user_id'
  | 'tool_call_id'
  | 'tool_name'
  | 'tool_args'
  | 'approval_type'
  | 'pause_type'
  | 'source_name'
  | 'requirements'
  | 'context'
  | 'digest'
  | 'traceparent'
>;

export function askedBy({ data, traceparent }: Event<'tool.approval_required'>): Asked {
  const { approval_id, requirement, ...asked } = data;
  return { ...asked, id: approval_id, requirements: [requirement], traceparent };
}

/** What the end of a run tells of a request that did not arrive; its arguments may be redacted. */
export function askedBefore(
  { data, traceparent }: Event<'run.failed'> | Event<'run.cancelled'>,
  requirement: Requirement,
): Asked {
  const { run_id, agent_id, session_id, user_id } = data;
  const { tool_call_id, tool_name, tool_args, approval_id, approval_type } = requirement.tool_execution;
  return {
    id: approval_id ?? requirement.id,
    run_id,
    agent_id,
    session_id,
    user_id,
    tool_call_id,
    tool_name,
    tool_args,
    approval_type: approval_type ?? 'required',
    pause_type: pauseTypeOf(requirement.tool_execution),
    source_name: agent_id,
    requirements: [requirement],
    context: {},
    digest: callDigest({ run_id, tool_call_id, tool_name, tool_args }),
    traceparent,
  };
}

/** @param at when, in seconds since the epoch. */
export function newApproval(asked: Asked, { required_approvals, expires_in }: Terms, at: number): Approval {
  const expires_at = expires_in === null ? null : at + expires_in;
  return {
    ...asked,
    status: 'pending',
    source_type: 'agent',
    expires_at,
    team_id: null,
    workflow_id: null,
    schedule_id: null,
    schedule_run_id: null,
    resolution_data: null,
    resolved_by: null,
    resolved_at: null,
    run_status: 'PAUSED',
    decisions: [],
    required_approvals,
    deleted_at: null,
    due_at: expires_at === null ? null : expires_at * 1000,
    version: 0,
    created_at: at,
    updated_at: at,
  };
}
