import type { EpochMillis, Millis } from '@countersign/contracts/time';
import { retryAfter } from '@countersign/outbound';
import { z } from 'zod';
import { mayPass } from '../deliveries/retry.js';
import { failedForGood, failedForNow, type SendOutcome } from '../sender.js';

export interface SlackApiOptions {
  token: string;
  url: string;
  now(): EpochMillis;
  timeoutMs?: Millis;
}

const Answer = z.object({
  ok: z.boolean(),
  error: z.string().optional(),
  ts: z.string().optional(),
  channel: z.string().optional(),
});

/** What came of a call: where the message is, or why there is none. */
export type SlackAnswer =
  | { ok: true; channel: string; ts: string }
  | { ok: false; error: string; outcome: SendOutcome };

/** What Slack calls its own troubles. Other errors are ours, and will be the same next time. */
const passing = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

/** Slack's Web API, as far as messages go. */
export class SlackApi {
  readonly #options: Required<SlackApiOptions>;

  constructor(options: SlackApiOptions) {
    this.#options = { timeoutMs: 10_000, ...options };
  }

  /** @throws when Slack cannot be reached, or does not answer in time. */
  async call(method: 'chat.postMessage' | 'chat.update', body: object, signal: AbortSignal): Promise<SlackAnswer> {
    const { now, timeoutMs, token, url } = this.#options;
    const response = await fetch(`${url}/${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const retryAfterMs = retryAfter(response.headers.get('retry-after'), now());
    const text = await response.text();
    return response.ok
      ? answerOf(text, retryAfterMs)
      : failed(`HTTP ${response.status}`, mayPass(response.status), retryAfterMs);
  }
}

function answerOf(text: string, retryAfterMs: Millis | null): SlackAnswer {
  const { success, data } = Answer.safeParse(jsonOf(text));
  if (!success) return failed('not an answer of Slack', true, retryAfterMs);
  const { channel, error = 'no error reported', ok, ts } = data;
  if (ok && channel !== undefined && ts !== undefined) return { ok, channel, ts };
  return failed(error, passing.has(error), retryAfterMs);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const failed = (error: string, forNow: boolean, retryAfterMs: Millis | null): SlackAnswer => ({
  ok: false,
  error,
  outcome: forNow ? failedForNow(`Slack: ${error}`, retryAfterMs) : failedForGood(`Slack: ${error}`),
});
