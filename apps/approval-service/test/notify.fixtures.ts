import { Approval, approvalDigest } from '@countersign/contracts/approvals';
import type { NoticeDelivery, NoticeKind } from '@countersign/contracts/deliveries';
import { after, atMillis, toEpochSeconds, type EpochMillis, type Millis } from '@countersign/contracts/time';
import { goldenEvent } from '@countersign/testing';
import { Channel } from '@countersign/definitions';
import { decideDelivery, type DeliveryMessage } from '../src/notify/deliveries/delivery.js';
import type { Notice } from '../src/notify/sender.js';

/** Approvals, channels and deliveries for specifications. */
export const now = atMillis(Date.parse('2026-09-01T09:30:00.000Z'));
export const minute = 60_000;
export const day = 24 * 3_600_000;

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** The golden approval, which is another in this. */
export function approvalWith(change: Partial<Approval> = {}): Approval {
  const golden = { ...goldenEvent('approval.created').data, due_at: null, traceparent, version: 1, deleted_at: null };
  const approval = { ...Approval.parse(golden), ...change };
  return { ...approval, digest: approvalDigest(approval) };
}

/** An approval whose argument `token` is not for everybody's eyes. */
export function approvalWithSecret(): Approval {
  const approval = approvalWith();
  const tool_args = { ...approval.tool_args, token: 's3cret' };
  const requirements = approval.requirements.map((requirement) => ({
    ...requirement,
    tool_execution: { ...requirement.tool_execution, tool_args, redact: ['token'] },
  }));
  return { ...approval, tool_args, requirements };
}

export const approved = (): Approval =>
  approvalWith({ status: 'approved', resolved_by: 'bob', resolved_at: after(toEpochSeconds(now), 60) });

export const channelOf = (entry: object): Channel => Channel.parse(entry);

export const secret = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;
export const webhookTo = (url: string, change: object = {}): Channel =>
  channelOf({ name: 'audit', webhook: { url, secret, allow_private: true, ...change } });

export const created = (kind: NoticeKind = 'pending', n = 1): DeliveryMessage => ({
  type: 'created',
  approval: approvalWith(),
  channel: 'audit',
  kind,
  n,
});
export const lease_ms = 60_000;
export const claimed: DeliveryMessage = { type: 'claimed', worker: 'worker-1', lease_ms };
export const sent: DeliveryMessage = { type: 'sent', worker: 'worker-1', detail: 'HTTP 204', receipt: { ts: '1.2' } };
export const notNeeded: DeliveryMessage = { type: 'not_needed', worker: 'worker-1', detail: 'not needed any more' };
export const failedForNow = (retry_after_ms: Millis | null = null): DeliveryMessage => ({
  type: 'failed_for_now',
  worker: 'worker-1',
  detail: 'HTTP 503',
  retry_after_ms,
});
export const failedForGood: DeliveryMessage = { type: 'failed_for_good', worker: 'worker-1', detail: 'HTTP 410' };

/** The delivery after these messages, each of which must change it. */
export const deliveryAfter = (...messages: readonly DeliveryMessage[]): NoticeDelivery =>
  continued(undefined, now, ...messages);

export function continued(
  from: NoticeDelivery | undefined,
  at: EpochMillis,
  ...messages: readonly DeliveryMessage[]
): NoticeDelivery {
  let delivery = from;
  for (const message of messages) {
    const transition = decideDelivery(delivery, message, at);
    if (transition.kind !== 'changed') throw new Error(`${message.type} is ${transition.kind}: ${transition.reason}`);
    delivery = { ...transition.state, version: (delivery?.version ?? 0) + 1 };
  }
  return delivery!;
}

/** What a sender is handed, of this approval, with these earlier deliveries. */
export const noticeOf = (approval: Approval, kind: NoticeKind = 'pending', earlier: NoticeDelivery[] = []): Notice => {
  const delivery = deliveryAfter(created(kind), claimed);
  return { approval, delivery, deliveries: async () => [...earlier, delivery] };
};
