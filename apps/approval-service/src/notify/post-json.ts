import type { EpochMillis, Millis } from '@countersign/contracts/time';
import { retryAfter } from '@countersign/outbound';
import { mayPass } from './deliveries/retry.js';
import { failedForGood, failedForNow, type SendOutcome } from './sender.js';

export interface PostOptions {
  now(): EpochMillis;
  timeoutMs?: Millis;
}

/**
 * Sends a message to a service that answers with a status alone, and follows no redirect: the URL is a secret.
 *
 * @throws when it cannot be reached, or does not answer in time
 */
export async function postJson(
  url: string,
  body: object,
  signal: AbortSignal,
  { now, timeoutMs = 10_000 }: PostOptions,
): Promise<SendOutcome> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'countersign' },
    body: JSON.stringify(body),
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  await response.body?.cancel();
  const detail = `HTTP ${response.status}`;
  if (response.ok) return { type: 'sent', detail, receipt: null };
  const retryAfterMs = retryAfter(response.headers.get('retry-after'), now());
  return mayPass(response.status) ? failedForNow(detail, retryAfterMs) : failedForGood(detail);
}
