import { canonicalJson } from '../json/canonical-json.js';

/** What a person approves: exactly this tool, with exactly these arguments, for exactly this call of this run. */
export interface ExactCall {
  run_id: string;
  tool_call_id: string;
  tool_name: string;
  tool_args: Record<string, unknown>;
  /** Of a call with redacted arguments, whose digest would otherwise tell a short one to whoever tries them all. */
  salt?: string | null;
  /** Of what its tool showed of it, of a call that was approved with that. */
  preview_digest?: string | null | undefined;
}

/** What a resolution ties to the call besides: for whom and by whom, by which rules, and until when it holds. */
export interface Binding {
  requester: string | null;
  requested_by: string | null;
  policy_version: string | null;
  expires_at: number | null;
}

/**
 * What the digest of a call is made of: the call as canonical JSON (RFC 8785, so neither key order nor white space
 * matters). Once there are rules for it, with its {@link Binding}.
 */
export function exactText(call: ExactCall & Partial<Binding>): string {
  const { run_id, tool_call_id, tool_name, tool_args, salt, preview_digest } = call;
  const { requester, requested_by, policy_version, expires_at } = call;
  const bound = policy_version == null ? {} : { requester, requested_by, policy_version, expires_at };
  const salted = salt == null ? {} : { salt };
  const previewed = preview_digest == null ? {} : { preview_digest };
  return canonicalJson({ run_id, tool_call_id, tool_name, tool_args, ...salted, ...previewed, ...bound });
}
