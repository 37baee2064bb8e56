import { Id, type EventData } from '@countersign/contracts';
import { ToolVersion } from '@countersign/contracts/calls';
import { previewedCall, PreviewOutcome, PreviewRound } from '@countersign/contracts/previews';
import { EpochSeconds } from '@countersign/contracts/time';
import { z } from 'zod';
import { resultDigest } from '../results/result-digest.js';

const ofCall = { approval_id: Id, run_id: Id, tool_call_id: Id, tool_name: Id, round: PreviewRound };

/** What the approval service signs when it asks what a call would do: an executor runs nothing for anybody else. */
export const PreviewRequestClaims = z.strictObject({
  ...ofCall,
  call_digest: z.string(),
  tool_version: ToolVersion.nullable(),
  redact: z.array(z.string()),
  answer_by: EpochSeconds,
});
export type PreviewRequestClaims = z.infer<typeof PreviewRequestClaims>;

/** What the executor signs of what it shows: whoever can write to its topic shows people nothing. */
export const PreviewClaims = z.strictObject({
  ...ofCall,
  call_digest: z.string(),
  outcome: PreviewOutcome,
  text_digest: z.string(),
});
export type PreviewClaims = z.infer<typeof PreviewClaims>;

/** What the event says, as it is signed; the digest is of the arguments that would be used. */
export function previewRequestClaimsOf(data: EventData<'approval.preview_asked'>): PreviewRequestClaims {
  const { approval_id, run_id, tool_call_id, tool_name, round, tool_version, redact, answer_by } = data;
  const of = { approval_id, run_id, tool_call_id, tool_name, round };
  return { ...of, call_digest: previewedCall(data), tool_version, redact, answer_by };
}

export function previewClaimsOf(data: EventData<'tool.previewed'>): PreviewClaims {
  const { approval_id, run_id, tool_call_id, tool_name, round, call_digest, outcome, text } = data;
  const of = { approval_id, run_id, tool_call_id, tool_name, round };
  return { ...of, call_digest, outcome, text_digest: resultDigest(text) };
}
