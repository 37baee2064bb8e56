import { callDigest, type EventData } from '@countersign/contracts';
import type { DecisionClaims } from './claims.js';
import { resultDigest } from './result-digest.js';

/** What is said of a decision that is sound, and was to be acted on earlier. */
export const tooLate = 'The time to act on the decision is over.';
export const tooFew = 'Fewer people have approved than have to.';

type Resolved = EventData<'approval.resolved'>;

/** What the event repeats of the claims, and what is said when it is something else. */
const repeated = {
  approval_id: 'The decision is of another approval.',
  run_id: 'The decision is for another run.',
  tool_call_id: 'The decision is for another call.',
  tool_name: 'The decision is for another tool.',
  status: 'The decision has another status.',
  pause_type: 'The decision is for a call that waits for something else.',
  requester: 'The decision is for a call that somebody else asked for.',
  requested_by: 'The decision is for a call that somebody else requested.',
  digest: 'The decision is for another digest.',
} as const satisfies Partial<Record<keyof Resolved & keyof DecisionClaims, string>>;

/**
 * Why verified claims do not allow what this event asks for, in a sentence; undefined when they do. The digest is
 * computed from the arguments that are about to be used, so nothing that the event says of itself is believed.
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
  return reservation(claims, now);
}

/**
 * Why a decision that is authentic must not be acted on, if it must not. Who counts was the policy's business when it
 * was made; that each of so many people counts once is seen here as well.
 *
 * @param now epoch seconds
 */
export function reservation(claims: DecisionClaims, now: number): string | undefined {
  const { automatic, deciders, expires_at, required_approvals, status } = claims;
  const rejecters = new Set(deciders.filter(({ verdict }) => verdict === 'rejected').map(({ by }) => by));
  const approvers = new Set(deciders.map(({ by }) => by).filter((by) => !rejecters.has(by)));
  if (status === 'approved' && !automatic && approvers.size < required_approvals) return tooFew;
  return expires_at !== null && expires_at <= now ? tooLate : undefined;
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
