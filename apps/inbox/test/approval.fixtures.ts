import { Approval, type RequireTerms } from '@countersign/contracts/approvals';
import { atSeconds } from '@countersign/contracts/time';

/** Seconds since 1970. */
export const now = atSeconds(1_800_000_000);

export const terms = (given: Partial<RequireTerms> = {}): RequireTerms => ({
  ...Approval.shape.terms.parse(undefined),
  ...given,
});

/** A pending approval of a deployment that ana asked for a minute ago. */
export const approvalWith = (given: Partial<Approval> = {}): Approval =>
  Approval.parse({
    id: 'approval-1',
    run_id: 'run-1',
    session_id: 'session-1',
    status: 'pending',
    source_type: 'agent',
    approval_type: 'required',
    pause_type: 'external_execution',
    tool_name: 'deploy_to_production',
    tool_args: { service_name: 'auth-service', version: '2.1.0' },
    expires_at: null,
    agent_id: 'ops',
    team_id: null,
    workflow_id: null,
    user_id: 'ana',
    schedule_id: null,
    schedule_run_id: null,
    source_name: 'Operations',
    requirements: [],
    context: { reason: 'The login page is broken.' },
    resolution_data: null,
    resolved_by: null,
    resolved_at: null,
    run_status: 'PAUSED',
    tool_call_id: 'call-1',
    digest: 'sha256:0',
    decisions: [],
    required_approvals: 1,
    deleted_at: null,
    version: 1,
    due_at: null,
    traceparent: null,
    tracestate: null,
    created_at: now - 60,
    updated_at: now - 60,
    ...given,
  });

export const decision = (by: string, verdict: 'approved' | 'rejected' = 'approved', note: string | null = null) => ({
  by,
  verdict,
  note,
  at: now,
  groups: [],
  on_behalf_of: null,
  delegation_id: null,
});
