import { NoticeDelivery } from '@countersign/contracts/deliveries';
import { after, secondsOf, toEpochSeconds } from '@countersign/contracts/time';
import { describeTransitions } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import { deliveryId } from './delivery-record.js';
import { decideDelivery, type DeliveryMessage } from './delivery.js';
import {
  approvalWith,
  claimed,
  continued,
  created,
  day,
  deliveryAfter,
  failedForGood,
  failedForNow,
  lease_ms,
  notNeeded,
  now,
  sent,
} from '../../../test/notify.fixtures.js';

const other = (message: DeliveryMessage): DeliveryMessage => ({ ...message, worker: 'worker-2' }) as DeliveryMessage;
const longAgo = continued(undefined, after(now, -day), created(), claimed);

describe('a delivery', () => {
  describeTransitions({
    decide: decideDelivery,
    now,
    states: {
      none: undefined,
      queued: deliveryAfter(created()),
      'queued again': deliveryAfter(created(), claimed, failedForNow()),
      sending: deliveryAfter(created(), claimed),
      'sending, lease over': continued(undefined, after(now, -lease_ms), created(), claimed),
      'sending, a day old': continued(continued(undefined, after(now, -day), created()), now, claimed),
      'sending, a day old, lease over': longAgo,
      delivered: deliveryAfter(created(), claimed, sent),
      failed: deliveryAfter(created(), claimed, failedForGood),
    },
    messages: {
      created: created(),
      claimed,
      'claimed by another': other(claimed),
      sent,
      'sent by another': other(sent),
      not_needed: notNeeded,
      'not_needed by another': other(notNeeded),
      failed_for_now: failedForNow(),
      'failed_for_now by another': other(failedForNow()),
      failed_for_good: failedForGood,
      'failed_for_good by another': other(failedForGood),
    },
    table: `
| message                    | none   | queued  | queued again | sending   | sending, lease over | sending, a day old | sending, a day old, lease over | delivered | failed |
|----------------------------|--------|---------|--------------|-----------|---------------------|--------------------|--------------------------------|-----------|--------|
| created                    | queued | -       | -            | -         | -                   | -                  | -                              | -         | -      |
| claimed                    | x      | sending | x            | x         | sending             | x                  | failed                         | x         | x      |
| claimed by another         | x      | sending | x            | x         | sending             | x                  | failed                         | x         | x      |
| sent                       | x      | x       | x            | delivered | delivered           | delivered          | delivered                      | x         | x      |
| sent by another            | x      | x       | x            | x         | x                   | x                  | x                              | x         | x      |
| not_needed                 | x      | x       | x            | delivered | delivered           | delivered          | delivered                      | x         | x      |
| not_needed by another      | x      | x       | x            | x         | x                   | x                  | x                              | x         | x      |
| failed_for_now             | x      | x       | x            | queued    | queued              | failed             | failed                         | x         | x      |
| failed_for_now by another  | x      | x       | x            | x         | x                   | x                  | x                              | x         | x      |
| failed_for_good            | x      | x       | x            | failed    | failed              | failed             | failed                         | x         | x      |
| failed_for_good by another | x      | x       | x            | x         | x                   | x                  | x                              | x         | x      |`,
    emits: {},
  });

  it('is due at once, and named by its approval, channel, kind and number', () => {
    const { id, run_id, traceparent } = approvalWith();
    const delivery = deliveryAfter(created('reminder', 2));
    expect(NoticeDelivery.parse(delivery)).toEqual(delivery);
    expect(delivery).toMatchObject({ approval_id: id, run_id, traceparent, due_at: now, attempts: [], n: 2 });
    expect(delivery.id).toBe(deliveryId(id, 'audit', 'reminder', 2));
    const others = [
      deliveryId(id, 'audit', 'reminder', 1),
      deliveryId(id, 'audit', 'escalation', 2),
      deliveryId(id, 'sms', 'reminder', 2),
      deliveryId('other', 'audit', 'reminder', 2),
    ];
    expect(new Set([delivery.id, ...others]).size).toBe(5);
  });

  it('keeps what came of every attempt', () => {
    const failed = deliveryAfter(created(), claimed, failedForNow());
    const lost = continued(failed, failed.due_at!, claimed);
    const delivery = continued(lost, lost.due_at!, other(claimed), other(sent));
    expect(NoticeDelivery.parse(delivery)).toEqual(delivery);
    expect(delivery).toMatchObject({
      status: 'delivered',
      lease: null,
      due_at: null,
      receipt: { ts: '1.2' },
      attempts: [
        { at: toEpochSeconds(now), outcome: 'failed_for_now', detail: 'HTTP 503' },
        { outcome: 'lost', detail: 'its sender stopped answering' },
        { outcome: 'sent', detail: 'HTTP 204' },
      ],
    });
  });

  it('is due when the lease of its sender has run out', () => {
    expect(deliveryAfter(created(), claimed)).toMatchObject({
      lease: { worker: 'worker-1', expires_at: now + lease_ms },
      due_at: now + lease_ms,
    });
  });

  it('is sent again later each time, for a day, and has failed then', () => {
    let delivery = deliveryAfter(created());
    const waits: number[] = [];
    let at = now;
    while (delivery.status === 'queued') {
      waits.push(secondsOf(delivery.due_at! - at));
      at = delivery.due_at!;
      delivery = continued(delivery, at, claimed, failedForNow());
    }
    expect(waits).toEqual([0, 5, 15, 45, 135, 405, 1_215, 3_645, 10_935, 14_400, 14_400, 14_400, 14_400, 12_400]);
    expect(delivery).toMatchObject({ status: 'failed', due_at: null, lease: null });
    expect(at).toBe(now + day);
  });

  it.each([
    ['not before the receiver asks', 3_600_000, 3_600_000],
    ['not sooner than it would be anyway', 0, 5_000],
    ['at the end of the day when the receiver asks for more', 30 * day, day],
  ])('is sent again %s', (_, asked, wait) => {
    expect(deliveryAfter(created(), claimed, failedForNow(asked)).due_at).toBe(now + wait);
  });

  it('keeps no more of a detail than says what went wrong', () => {
    const delivery = deliveryAfter(created(), claimed, {
      ...failedForGood,
      detail: 'x'.repeat(5_000),
    } as DeliveryMessage);
    expect(delivery.attempts[0]!.detail).toHaveLength(1_000);
  });
});
