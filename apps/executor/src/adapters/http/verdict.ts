import type { EpochMillis } from '@countersign/contracts/time';
import type { Answer } from '@countersign/outbound';
import { retryAfter } from '@countersign/outbound';
import type { Outcome } from '../adapter.js';

/** What an answer says of the request: done or taken on, or what came of it. */
export type ResponseOutcome = { outcome: 'accepted' } | Exclude<Outcome, { outcome: 'succeeded' }>;

export interface ClassifiedResponse extends Answer {
  /** Of its body, for people. */
  bodyExcerpt: string;
}

/** A redirect after a form was sent usually means that it was taken. */
const mayBeDone = new Set([302, 303]);
/** Too much just now, or not at all: nothing was done. */
const notNow = new Set([429, 503]);

/** @param attempt which one this is: of a later one, a conflict may be with an earlier one that is still at work. */
export function verdictOf(
  { status, headers, read, bodyExcerpt }: ClassifiedResponse,
  attempt: number,
  now: EpochMillis,
): ResponseOutcome {
  const text = `HTTP ${status}${bodyExcerpt === '' ? '' : `: ${bodyExcerpt}`}`;
  if (status >= 200 && status < 300) {
    if (read !== 'broken_off') return { outcome: 'accepted' };
    return { outcome: 'unknown', reason: `HTTP ${status}, and the connection was lost while the answer was read` };
  }
  if (notNow.has(status)) {
    const retryAfterMs = retryAfter(headers['retry-after'], now);
    return {
      outcome: 'failed',
      error: text,
      retryable: true,
      ...(retryAfterMs !== null && { retry_after_ms: retryAfterMs }),
    };
  }
  if (status >= 500 || mayBeDone.has(status) || (status === 409 && attempt > 1))
    return { outcome: 'unknown', reason: text };
  if (status < 400) return { outcome: 'failed', error: `HTTP ${status}: redirects are not followed` };
  return { outcome: 'failed', error: text };
}
