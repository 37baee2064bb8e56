import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** What a person approves: exactly this tool, with exactly these arguments, for exactly this call of this run. */
export interface ExactCall {
  run_id: string;
  tool_call_id: string;
  tool_name: string;
  tool_args: Record<string, unknown>;
}

/** The one way to write this as JSON (RFC 8785). @throws when there is none: for half a character, or infinity. */
export const canonicalJson = (value: unknown): string => canonicalize(value)!;

/**
 * The digest that ties a decision to a call: `sha256:` and the hex SHA-256 of the call as canonical JSON
 * (RFC 8785, so neither key order nor white space matters).
 */
export function callDigest({ run_id, tool_call_id, tool_name, tool_args }: ExactCall): string {
  const canonical = canonicalJson({ run_id, tool_call_id, tool_name, tool_args });
  return `sha256:${createHash('sha256').update(canonical).digest('hex')}`;
}
