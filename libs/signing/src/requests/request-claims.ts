import { Id, type EventData } from '@countersign/contracts';
import { ApprovalType, PauseType } from '@countersign/contracts/calls';
import { canonicalJson } from '@countersign/contracts/json';
import { EpochSeconds } from '@countersign/contracts/time';
import { z } from 'zod';
import { resultDigest } from '../results/result-digest.js';

type Request = EventData<'tool.approval_required'>;

/**
 * What a runner signs when it asks for an approval. It is strict: a claim that a verifier does not know may say when the
 * request must not be believed.
 */
export const RequestClaims = z.strictObject({
  approval_id: Id,
  run_id: Id,
  agent_id: Id,
  session_id: Id,
  user_id: Id.nullable(),
  requested_by: Id.nullable(),
  tool_call_id: Id,
  tool_name: Id,
  digest: z.string().meta({ description: 'Of the call, with its exact arguments.' }),
  approval_type: ApprovalType,
  pause_type: PauseType,
  details_digest: z.string().meta({ description: 'Of whatever else of the request reaches a person or a rule.' }),
  agent_version: Id.optional().meta({ description: 'Digest of the definition of the agent.' }),
  issued_at: EpochSeconds,
});
export type RequestClaims = z.infer<typeof RequestClaims>;

/** What a request says, as it is signed. @param issued_at epoch seconds */
export function requestClaimsOf(request: Request, issued_at: EpochSeconds): RequestClaims {
  const { approval_id, run_id, agent_id, session_id, user_id, requested_by } = request;
  const { tool_call_id, tool_name, digest, approval_type, pause_type } = request;
  const call = { approval_id, run_id, agent_id, session_id, user_id, requested_by, tool_call_id, tool_name };
  // Requests of earlier versions do not say it.
  const by = request.agent_version === null ? {} : { agent_version: request.agent_version };
  return { ...call, ...by, digest, approval_type, pause_type, details_digest: detailsDigest(request), issued_at };
}

/** Field by field, so that a field that a later version adds does not make its requests look forged to this one. */
function detailsDigest({ source_name, parameters, tool_version, context, requirement, ...request }: Request): string {
  const { run_began_at, set_back, annotations } = request;
  const { id, user_input_schema, tool_execution } = requirement;
  const { requires_confirmation, requires_user_input, external_execution_required, redact } = tool_execution;
  const fields = (user_input_schema ?? []).map(({ name, field_type, description, schema, required }) => {
    return { name, field_type, description, schema, required };
  });
  const waits = { requires_confirmation, requires_user_input, external_execution_required };
  // Requests of earlier versions do not say it.
  const said = annotations !== null && { annotations };
  const age = { ...(run_began_at !== null && { run_began_at }), ...(set_back !== null && { set_back }), ...said };
  const details = { source_name, parameters, tool_version, context, id, fields, waits, redact };
  return resultDigest(canonicalJson({ ...details, ...age }));
}
