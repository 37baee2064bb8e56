import type { Approval } from '@countersign/contracts/approvals';
import type { DeliveryAttempt, NoticeDelivery, NoticeKind } from '@countersign/contracts/deliveries';
import { toEpochSeconds, after, latest, type Millis, type EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, newRecord, rejected, touch, type Transition } from '@countersign/persistence';
import { deliveryId } from './delivery-record.js';
import { retryAt } from './retry.js';
import type { SendOutcome } from '../sender.js';

/**
 * The life of a delivery.
 *
 * ```
 *  (created) ──► queued ── claimed ──► sending ──► delivered | failed
 *                   ▲                   │  ▲ │
 *                   └─ failed for now ──┘  └─┘ its sender is gone: claimed again
 * ```
 *
 * At-least-once: when a sender dies, it is unknown whether it was received, and it is sent again under the
 * same id. After a day of trying it has failed. It emits no events: nothing in the flow waits for it.
 */
export type DeliveryMessage =
  | {
      type: 'created';
      approval: Pick<Approval, 'id' | 'run_id' | 'traceparent' | 'tracestate'>;
      channel: string;
      kind: NoticeKind;
      n: number;
      recipient?: string | null;
      /** When the quiet hours of the channel are over, or its digest is sent. */
      not_before?: EpochMillis;
      in_digest?: boolean;
    }
  | { type: 'claimed'; worker: string; lease_ms: Millis }
  | (SendOutcome & { worker: string });

export function decideDelivery(
  delivery: NoticeDelivery | undefined,
  message: DeliveryMessage,
  now: EpochMillis,
): Transition<NoticeDelivery> {
  if (message.type === 'created') return delivery ? ignored('the delivery exists') : changed(queued(message, now));
  if (!delivery) return rejected('delivery_not_found', 'there is no such delivery');
  if (message.type === 'claimed') return claim(delivery, message, now);
  if (delivery.status !== 'sending' || delivery.lease?.worker !== message.worker)
    return rejected('lease_lost', `the delivery is ${delivery.status}, not held by ${message.worker}`);
  return changed(finished(delivery, message, now));
}

function queued(
  {
    approval,
    channel,
    kind,
    n,
    not_before,
    in_digest = false,
    recipient = null,
  }: Extract<DeliveryMessage, { type: 'created' }>,
  now: EpochMillis,
): NoticeDelivery {
  return {
    id: deliveryId(approval.id, channel, kind, n, recipient),
    approval_id: approval.id,
    run_id: approval.run_id,
    channel,
    recipient,
    kind,
    n,
    held_until: not_before !== undefined && not_before > now ? toEpochSeconds(not_before) : null,
    in_digest,
    status: 'queued',
    attempts: [],
    receipt: null,
    lease: null,
    ...newRecord(now),
    due_at: latest(now, not_before ?? now),
    traceparent: approval.traceparent,
    tracestate: approval.tracestate,
  };
}

type Claimed = Extract<DeliveryMessage, { type: 'claimed' }>;

/** Begins an attempt: the first, one that is due again, or one more after a sender that did not end its own. */
function claim(delivery: NoticeDelivery, { worker, lease_ms }: Claimed, now: EpochMillis): Transition<NoticeDelivery> {
  if (delivery.due_at === null || delivery.due_at > now)
    return rejected('not_due', `the delivery is ${delivery.status}`);
  const before = delivery.status === 'sending' ? ended(delivery, 'lost', 'its sender stopped answering') : delivery;
  if (delivery.status === 'sending' && retryAt(before, null, now) === null)
    return changed(touch(before, now, { status: 'failed', lease: null, due_at: null }));
  const attempt: DeliveryAttempt = { at: toEpochSeconds(now), outcome: null, detail: null };
  return changed(
    touch(before, now, {
      status: 'sending',
      attempts: [...before.attempts, attempt],
      lease: { worker, expires_at: after(now, lease_ms) },
      due_at: after(now, lease_ms),
    }),
  );
}

/** What only the sender of the attempt under way may say. */
function finished(delivery: NoticeDelivery, outcome: SendOutcome, now: EpochMillis): NoticeDelivery {
  const over = touch(ended(delivery, outcome.type, outcome.detail), now, { lease: null, due_at: null });
  switch (outcome.type) {
    case 'sent':
      return { ...over, status: 'delivered', receipt: outcome.receipt };
    case 'not_needed':
      return { ...over, status: 'delivered' };
    case 'failed_for_good':
      return { ...over, status: 'failed' };
    case 'failed_for_now': {
      const due_at = retryAt(over, outcome.retry_after_ms, now);
      return { ...over, status: due_at === null ? 'failed' : 'queued', due_at };
    }
    default:
      return outcome satisfies never;
  }
}

/** Enough to see what went wrong. */
const maxDetail = 1_000;

/** The attempt under way is over, in this way. */
function ended(delivery: NoticeDelivery, outcome: DeliveryAttempt['outcome'], detail: string | null): NoticeDelivery {
  const last = delivery.attempts.length - 1;
  const attempts = delivery.attempts.map((attempt, n) =>
    n === last ? { ...attempt, outcome, detail: detail?.slice(0, maxDetail) ?? null } : attempt,
  );
  return { ...delivery, attempts };
}
