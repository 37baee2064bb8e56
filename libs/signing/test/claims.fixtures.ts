import { parseEventData, type EventData } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { atSeconds, after } from '@countersign/contracts/time';
import type { DecisionClaims } from '../src/decisions/claims.js';
import { decisionDetailsDigest } from '../src/decisions/details-digest.js';

/** A decision and its event, for specifications. */
export const now = atSeconds(1788255100);

const call = {
  run_id: 'run-1',
  tool_call_id: 'call_1',
  tool_name: 'deploy_to_production',
  tool_args: { service_name: 'auth-service', version: '2.1.0' },
};

export const resolved: EventData<'approval.resolved'> = parseEventData('approval.resolved', {
  ...call,
  approval_id: 'approval-1',
  approval_type: 'required',
  pause_type: 'external_execution',
  digest: callDigest(call),
  status: 'approved',
  automatic: false,
  resolution_data: { note: 'Change window CHG-2201.' },
  resolved_by: 'bob',
  resolved_at: now - 38,
  requester: 'ana',
  requested_by: 'ana',
  tool_version: 'version-1',
});

export const claims: DecisionClaims = {
  approval_id: 'approval-1',
  run_id: 'run-1',
  tool_call_id: 'call_1',
  tool_name: 'deploy_to_production',
  digest: resolved.digest,
  status: 'approved',
  pause_type: 'external_execution',
  automatic: false,
  basis: 'people',
  grant: null,
  four_eyes: true,
  requester: 'ana',
  requested_by: 'ana',
  deciders: [{ by: 'bob', verdict: 'approved', at: after(now, -38) }],
  required_approvals: 1,
  resolved_at: after(now, -38),
  act_by: after(now, 60),
  policy_version: null,
  tool_version: 'version-1',
  details_digest: decisionDetailsDigest(resolved),
};
