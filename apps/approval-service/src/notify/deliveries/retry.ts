import type { NoticeDelivery } from '@countersign/contracts/deliveries';
import { backoffMs, type EpochMillis, after, earliest, toEpochMillis, type Millis } from '@countersign/contracts/time';

const backoff = { first_ms: 5_000, longest_ms: 4 * 3_600_000, factor: 3 };
/** How long a delivery is tried, counted from when it may be sent. */
const patienceMs = 24 * 3_600_000;

/**
 * When to try again after the attempts so far: backoff, and not before the receiver requested.
 * The last try is at the end of the day; `null` after it.
 */
export function retryAt(
  { attempts, created_at, held_until }: Pick<NoticeDelivery, 'attempts' | 'created_at' | 'held_until'>,
  retryAfterMs: Millis | null,
  now: EpochMillis,
): EpochMillis | null {
  const end = after(toEpochMillis(held_until ?? created_at), patienceMs);
  if (now >= end) return null;
  const wait = backoffMs(backoff, attempts.length - 1);
  return earliest(end, after(now, Math.max(wait, retryAfterMs ?? 0)));
}

const passing = new Set([408, 409, 425, 429]);

/** Whether the same request may be answered better later. */
export const mayPass = (status: number): boolean => status >= 500 || passing.has(status);
