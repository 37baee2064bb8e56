import { backoffMs, type NoticeDelivery } from '@countersign/contracts';

const backoff = { first_ms: 5_000, longest_ms: 4 * 3_600_000, factor: 3 };
/** How long a delivery is tried, counted from when there was something to say. */
const patience = 24 * 3_600_000;

/**
 * When to try again after the attempts so far (epoch milliseconds): later each time, and not before the receiver asked.
 * The last try is at the end of the day; `null` after it.
 */
export function retryAt(
  { attempts, created_at }: Pick<NoticeDelivery, 'attempts' | 'created_at'>,
  retryAfter: number | null,
  now: number,
): number | null {
  const end = created_at * 1000 + patience;
  if (now >= end) return null;
  const wait = backoffMs(backoff, attempts.length - 1);
  return Math.min(end, now + Math.max(wait, retryAfter ?? 0));
}

const passing = new Set([408, 409, 425, 429]);

/** Whether the same request may be answered better later. */
export const mayPass = (status: number): boolean => status >= 500 || passing.has(status);
