import { callDigest, type EventData } from '@countersign/contracts';
import type { DecisionClaims } from './claims.js';
import { resultDigest } from './result-digest.js';

/** What is said of a decision that is sound, and was to be acted on earlier. */
export const tooLate = 'The time to act on the decision is over.';

type Resolved = EventData<'approval.resolved'>;

/** What the event repeats of the claims, and what is said when it is something else. */
const repeated = {
  approval_id: 'The decision is of another approval.',
  run_id: 'The decision is for another run.',
  tool_call_id: 'The decision is for another call.',
  tool_name: 'The decision is for another tool.',
  status: 'The decision has another status.',
  pause_type: 'The decision is for a call that waits for something else.',
  digest: 'The decision is for another digest.',
} as const satisfies Partial<Record<keyof Resolved & keyof DecisionClaims, string>>;

/**
 * Why verified claims do not allow what this event asks for, in a sentence; undefined when they do. The digest is
 * computed from the arguments that are about to be used, so nothing that the event says of itself is believed.
 * How many had to agree is the policy's business and not checked here.
 *
 * @param now epoch seconds
 */
export function checkDecision(claims: DecisionClaims, event: Resolved, now: number): string | undefined {
  for (const [field, reason] of Object.entries(repeated)) {
    const name = field as keyof typeof repeated;
    if (claims[name] !== event[name]) return reason;
  }
  if (digestOf(event) !== claims.digest) return 'The arguments are not the ones that were decided on.';
  if (digestOfResult(event) !== claims.result_digest) return 'The result is not the one that was given.';
  if (claims.expires_at !== null && claims.expires_at <= now) return tooLate;
  return undefined;
}

/** A call that cannot be written as canonical JSON has no digest, so nobody decided on it. */
function digestOf(event: Resolved): string | undefined {
  try {
    return callDigest(event);
  } catch {
    return undefined;
  }
}

const digestOfResult = ({ resolution_data }: Resolved): string | undefined =>
  resolution_data?.result === undefined ? undefined : resultDigest(resolution_data.result);
