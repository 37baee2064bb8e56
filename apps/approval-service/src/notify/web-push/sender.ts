import { buildPushPayload } from '@block65/webcrypto-web-push';
import { derivedId } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeKind } from '@countersign/contracts/deliveries';
import { riskOf } from '@countersign/contracts/presentation';
import { secondsOf, toEpochMillis, type EpochMillis, type Millis } from '@countersign/contracts/time';
import type { WebPushChannel } from '@countersign/definitions';
import { ForbiddenAddress, guardedRequest, retryAfter, systemResolve, type Resolve } from '@countersign/outbound';
import { clipped } from '../clipped.js';
import { digestWording } from '../digest/wording.js';
import { mayPass } from '../deliveries/retry.js';
import { failedForGood, failedForNow, type Digest, type Notice, type Sender, type SendOutcome } from '../sender.js';
import { wordingOf } from '../wording.js';
import type { StoredSubscription } from './subscription.js';
import type { Subscriptions } from './subscriptions.js';
import type { VapidKeys } from './vapid-keys.js';

export interface WebPushSenderOptions {
  web_push: WebPushChannel['web_push'];
  subscriptions(): Subscriptions;
  keys(): Promise<VapidKeys>;
  now(): EpochMillis;
  resolve?: Resolve;
  timeoutMs?: Millis;
}

const maxTitle = 100;
const maxBody = 400;
/** Seconds. */
const [shortest, longest] = [60, 24 * 3600];

/**
 * Sends to the browsers of those who may decide: what is requested and how great the risk is, none of the arguments. Only the
 * page behind the notification shows the call whole, and only there it is decided.
 */
export class WebPushSender implements Sender {
  constructor(private readonly options: WebPushSenderOptions) {}

  recipients(approval: Approval, kind: NoticeKind): Promise<string[]> {
    return this.options.subscriptions().concernedBy(approval, kind);
  }

  async send({ approval, delivery }: Notice, signal: AbortSignal): Promise<SendOutcome> {
    const { kind, recipient } = delivery;
    const subscriptions = this.options.subscriptions();
    const subscription = await subscriptions.current(recipient!, approval, kind);
    if (!subscription) return { type: 'not_needed', detail: 'it is not for this browser any more' };
    const { headline, request, deadline } = wordingOf(approval, kind, undefined);
    const body = [clipped(request, maxBody), ...(deadline ? [deadline] : [])].join('\n');
    return this.#push(
      subscription,
      { title: clipped(headline, maxTitle), body, tag: `${approval.id}/${kind}`, approval_id: approval.id },
      { topic: topicOf(approval), urgency: isUrgent(approval, kind) ? 'high' : 'normal', ttl: this.#ttl(approval) },
      signal,
    );
  }

  /** Of those that are still for this browser. */
  async sendDigest({ approvals, delivery }: Digest, signal: AbortSignal): Promise<SendOutcome> {
    const { kind, recipient } = delivery;
    const subscriptions = this.options.subscriptions();
    const found = await Promise.all(approvals.map((each) => subscriptions.current(recipient!, each, kind)));
    const subscription = found.find((each) => each !== undefined);
    if (!subscription) return { type: 'not_needed', detail: 'they are not for this browser any more' };
    const { headline, lines } = digestWording(
      approvals.filter((_, n) => found[n]),
      undefined,
    );
    const body = clipped(lines.map(({ text }) => text).join('\n'), maxBody);
    const message = { title: headline, body, tag: 'digest', approval_id: null };
    return this.#push(subscription, message, { topic: 'digest', urgency: 'normal', ttl: longest }, signal);
  }

  async #push(
    subscription: StoredSubscription,
    data: Record<string, string | null>,
    options: { topic: string; urgency: 'high' | 'normal'; ttl: number },
    signal: AbortSignal,
  ): Promise<SendOutcome> {
    const { now, resolve = systemResolve, timeoutMs = 10_000, subscriptions, web_push } = this.options;
    const { endpoint, p256dh, auth } = subscription;
    const { headers, body } = await buildPushPayload(
      { data, options },
      { endpoint, expirationTime: null, keys: { p256dh, auth } },
      { ...(await this.options.keys()), subject: web_push.contact },
    );
    try {
      const answer = await guardedRequest(new URL(endpoint), {
        method: 'POST',
        headers,
        body,
        // Of the answer only the head counts.
        maxAnswer: 64 * 1024,
        resolve,
        allowPrivate: web_push.allow_private,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      if (answer.status === 404 || answer.status === 410) await subscriptions().gone(subscription);
      return outcomeOf(answer.status, retryAfter(answer.headers['retry-after'], now()));
    } catch (error) {
      if (error instanceof ForbiddenAddress) return failedForGood(error.message);
      throw error;
    }
  }

  /** What comes after its deadline is of no use. */
  #ttl({ expires_at }: Approval): number {
    const left = expires_at === null ? longest : secondsOf(toEpochMillis(expires_at) - this.options.now());
    return Math.floor(Math.min(longest, Math.max(shortest, left)));
  }
}

/** A browser that was away is shown the last message of each approval. */
const topicOf = ({ id }: Approval): string => derivedId('push-topic', id).replaceAll('-', '');

const isUrgent = (approval: Approval, kind: NoticeKind): boolean =>
  kind === 'break_glass' || kind === 'escalation' || riskOf(approval) !== 'low';

function outcomeOf(status: number, retryAfterMs: Millis | null): SendOutcome {
  const detail = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { type: 'sent', detail, receipt: null };
  return mayPass(status) ? failedForNow(detail, retryAfterMs) : failedForGood(detail);
}
