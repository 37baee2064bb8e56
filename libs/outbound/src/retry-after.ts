import { type EpochMillis, millisOf, type Millis } from '@countersign/contracts/time';

/** What `Retry-After` says, seconds or a date from now. */
export function retryAfter(header: string | null | undefined, now: EpochMillis): Millis | null {
  if (!header) return null;
  if (/^\d+$/.test(header)) return millisOf(Number(header));
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
