/** What `Retry-After` says, seconds or a date, in milliseconds from now. */
export function retryAfter(header: string | null | undefined, now: number): number | null {
  if (!header) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
