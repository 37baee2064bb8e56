import { redactApproval } from '@countersign/contracts/approvals';
import { toEpochSeconds, atMillis, toEpochMillis, type EpochMillis, type Millis } from '@countersign/contracts/time';
import { Webhook } from 'standardwebhooks';
import { noticeType, type WebhookChannel } from '@countersign/definitions';
import { ForbiddenAddress, guardedRequest, retryAfter, systemResolve, type Resolve } from '@countersign/outbound';
import { mayPass } from '../deliveries/retry.js';
import { failedForGood, failedForNow, type Notice, type Sender, type SendOutcome } from '../sender.js';

export interface WebhookSenderOptions {
  webhook: WebhookChannel['webhook'];
  now(): EpochMillis;
  resolve?: Resolve;
  timeoutMs?: Millis;
}

/** POSTs a signed approval to a URL: Standard Webhooks, with the delivery's id as the message's. */
export class WebhookSender implements Sender {
  readonly #options: Required<WebhookSenderOptions>;
  readonly #signer: Webhook;

  constructor(options: WebhookSenderOptions) {
    this.#options = { resolve: systemResolve, timeoutMs: 10_000, ...options };
    this.#signer = new Webhook(options.webhook.secret);
  }

  async send(notice: Notice, signal: AbortSignal): Promise<SendOutcome> {
    const { now, resolve, timeoutMs, webhook } = this.#options;
    const body = bodyOf(notice);
    try {
      const { status, headers } = await guardedRequest(new URL(webhook.url), {
        method: 'POST',
        headers: this.#headers(notice.delivery.id, body),
        body,
        // Of the answer only the head counts.
        maxAnswer: 64 * 1024,
        resolve,
        allowPrivate: webhook.allow_private,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return outcomeOf(status, retryAfter(headers['retry-after'], now()));
    } catch (error) {
      if (error instanceof ForbiddenAddress) return failedForGood(error.message);
      throw error;
    }
  }

  /** The same message has the same id every time it is sent; its signature is as old as the attempt. */
  #headers(id: string, body: string): Record<string, string> {
    const at = new Date(this.#options.now());
    return {
      'content-type': 'application/json',
      'user-agent': 'countersign',
      'webhook-id': id,
      'webhook-timestamp': String(toEpochSeconds(atMillis(at.getTime()))),
      'webhook-signature': this.#signer.sign(id, at, body),
    };
  }
}

/** @property timestamp of the occasion, not of the delivery. */
const bodyOf = ({ approval, delivery }: Notice): string =>
  JSON.stringify({
    type: noticeType(delivery.kind),
    timestamp: new Date(toEpochMillis(delivery.created_at)).toISOString(),
    data: redactApproval(approval),
  });

function outcomeOf(status: number, retryAfterMs: Millis | null): SendOutcome {
  if (status >= 200 && status < 300) return { type: 'sent', detail: `HTTP ${status}`, receipt: null };
  if (status < 400) return failedForGood(`HTTP ${status}: redirects are not followed`);
  return mayPass(status) ? failedForNow(`HTTP ${status}`, retryAfterMs) : failedForGood(`HTTP ${status}`);
}
