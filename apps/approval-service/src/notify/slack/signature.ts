import { type EpochMillis, atSeconds, toEpochMillis } from '@countersign/contracts/time';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** How old a request may be, or how far ahead of this clock. */
const toleranceMs = 300_000;

/**
 * Whether a request comes from Slack, and just now: its signature of version 0 over the time and the body, byte by byte
 * as received.
 *
 */
export function verifySlackRequest(
  signing_secret: string,
  headers: IncomingHttpHeaders,
  rawBody: string | Buffer,
  now: EpochMillis,
): boolean {
  const timestamp = headers['x-slack-request-timestamp'];
  const signature = headers['x-slack-signature'];
  if (signing_secret === '' || typeof timestamp !== 'string' || typeof signature !== 'string') return false;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - toEpochMillis(atSeconds(Number(timestamp)))) > toleranceMs)
    return false;
  const hmac = createHmac('sha256', signing_secret).update(`v0:${timestamp}:`).update(rawBody);
  const [expected, actual] = [Buffer.from(`v0=${hmac.digest('hex')}`), Buffer.from(signature)];
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
