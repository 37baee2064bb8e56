import { emit, type Event } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { after, systemClock, toEpochSeconds } from '@countersign/contracts/time';
import { defaultActWithin, readDefinitions, toolDefinitionOf, toolVersion } from '@countersign/definitions';
import { decisionDetailsDigest, keysFromText, signDecision } from '@countersign/signing';
import { randomUUID } from 'node:crypto';

/** Approved calls of `deploy_to_production`, each of a run of its own, as the approval service tells of them. */
export async function approvedCalls(signingKeys: string, count: number): Promise<Event<'approval.resolved'>[]> {
  const { signingKey } = await keysFromText(signingKeys);
  return Promise.all(Array.from({ length: count }, () => approved(signingKey)));
}

const { tools } = readDefinitions('countersign.yaml');
const tool_version = toolVersion(toolDefinitionOf(tools.find(({ name }) => name === 'deploy_to_production')!));

type SigningKey = Parameters<typeof signDecision>[0];

async function approved(key: SigningKey): Promise<Event<'approval.resolved'>> {
  const [run_id, approval_id, resolved_at] = [randomUUID(), randomUUID(), toEpochSeconds(systemClock())];
  const tool_args = { service_name: 'auth-service', version: '2.1.0' };
  const call = { run_id, tool_call_id: 'call_0', tool_name: 'deploy_to_production' };
  const digest = callDigest({ ...call, tool_args });
  const decided = {
    status: 'approved',
    pause_type: 'external_execution',
    automatic: false,
    basis: 'people',
    resolved_at,
  } as const;
  const by = { by: 'ada', verdict: 'approved', at: resolved_at } as const;
  const unbound = { requester: null, requested_by: null, policy_version: null, tool_version };
  const preview_digest = null;
  const details = { resolution_data: null, resolved_by: 'ada', redact: [] };
  const claims = {
    ...call,
    approval_id,
    digest,
    ...decided,
    ...unbound,
    act_by: after(resolved_at, defaultActWithin),
    deciders: [by],
    required_approvals: 1,
    grant: null,
    four_eyes: false,
    details_digest: decisionDetailsDigest(details),
  };
  const signature = await signDecision(key, claims);
  return {
    ...emit('approval.resolved', {
      ...call,
      approval_id,
      tool_args,
      digest,
      ...decided,
      ...unbound,
      expires_at: null,
      preview_digest,
      approval_type: 'required',
      grant_id: null,
      ...details,
      salt: null,
      repeated: false,
      run_status: null,
      run_began_at: null,
      break_glass: null,
      decisions: [{ ...by, note: null, groups: [], on_behalf_of: null, delegation_id: null }],
      signature,
    }),
    id: randomUUID(),
    source: '/bench',
    time: new Date().toISOString(),
    subject: `approvals/${approval_id}`,
    key: run_id,
    traceparent: null,
    tracestate: null,
  } as Event<'approval.resolved'>;
}
