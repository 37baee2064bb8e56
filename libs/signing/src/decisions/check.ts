import type { EventData } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import type { EpochSeconds } from '@countersign/contracts/time';
import type { DecisionClaims } from './claims.js';
import { decisionDetailsDigest } from './details-digest.js';
import { resultDigest } from '../results/result-digest.js';
import { unfoundedness } from './foundation.js';

/**
 * Why a decision that is authentic must not be acted on. `too_late`: it might have been, earlier, and whether it was is
 * known only to who has a record of the call.
 */
export interface Reservation {
  code: 'unfounded' | 'too_late';
  reason: string;
}

type Resolved = EventData<'approval.resolved'>;

/** What the event repeats of the claims, and the error when it differs. */
const repeated = {
  approval_id: 'The decision is of another approval.',
  run_id: 'The decision is for another run.',
  tool_call_id: 'The decision is for another call.',
  tool_name: 'The decision is for another tool.',
  status: 'The decision has another status.',
  pause_type: 'The decision is for a call that waits for something else.',
  requester: 'The decision is for a call of another requester.',
  requested_by: 'The decision is for a call of another sender.',
  tool_version: 'The decision is for another definition of the tool.',
  resolved_at: 'The decision was made at another time.',
  digest: 'The decision is for another digest.',
} as const satisfies Partial<Record<keyof Resolved & keyof DecisionClaims, string>>;

/**
 * Why verified claims do not allow what this event asks for, in a sentence; undefined when they do.
 */
export const checkDecision = (claims: DecisionClaims, event: Resolved, now: EpochSeconds): string | undefined =>
  mismatch(claims, event) ?? (reservation(claims) ?? lateness(claims, now))?.reason;

/**
 * Why the event is not the one that was signed. The digest is computed from the arguments that are about to be used, so
 * nothing that the event says of itself is believed.
 */
export function mismatch(claims: DecisionClaims, event: Resolved): string | undefined {
  for (const [field, reason] of Object.entries(repeated)) {
    const name = field as keyof typeof repeated;
    if (claims[name] !== event[name]) return reason;
  }
  if (glassOf(event.break_glass) !== glassOf(claims.break_glass)) return 'Another emergency is named than was signed.';
  if ((event.run_began_at ?? undefined) !== claims.run_began_at)
    return 'The decision is said again to a run that began at another time.';
  if (digestOf(event) !== claims.digest) return 'The arguments are not the ones that were decided on.';
  if (digestOfResult(event) !== claims.result_digest) return 'The result is not the one that was signed.';
  if (decisionDetailsDigest(event) !== claims.details_digest)
    return 'The decision differs in person, reason or redaction from the one signed.';
  return undefined;
}

/**
 * Why a decision that is authentic must not be acted on, if it must not. Who is in which group was the policy's business
 * when it was made; that so many different, recognised people approved who did not ask is seen here as well.
 */
export function reservation(claims: DecisionClaims): Reservation | undefined {
  const unfounded = claims.status === 'approved' ? unfoundedness(claims) : undefined;
  return unfounded === undefined ? undefined : { code: 'unfounded', reason: unfounded };
}

/** Whether it comes too late for whoever has no record of the call. */
export function lateness({ act_by }: DecisionClaims, now: EpochSeconds): Reservation | undefined {
  if (act_by === null || act_by > now) return undefined;
  return { code: 'too_late', reason: 'The time to act on the decision is over.' };
}

const glassOf = (glass: DecisionClaims['break_glass'] | null): string =>
  glass ? JSON.stringify([glass.by, glass.at, glass.group]) : '';

/** A call that cannot be written as canonical JSON has no digest, so there is no decision on it. */
function digestOf(event: Resolved): string | undefined {
  try {
    return callDigest(event);
  } catch {
    return undefined;
  }
}

const digestOfResult = ({ resolution_data }: Resolved): string | undefined =>
  resolution_data?.result === undefined ? undefined : resultDigest(resolution_data.result);
