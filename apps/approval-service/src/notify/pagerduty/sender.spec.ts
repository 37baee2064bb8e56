import type { NoticeDelivery, NoticeKind } from '@countersign/contracts/deliveries';
import { Presentation } from '@countersign/contracts/presentation';
import type { PagerDutyChannel } from '@countersign/definitions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  approvalWith,
  approvalWithSecret,
  approved,
  channelOf,
  claimed,
  created,
  deliveryAfter,
  noticeOf,
  now,
  sent,
} from '../../../test/notify.fixtures.js';
import { startReceiver, type Receiver } from '../../../test/receiver.fixtures.js';
import { PagerDutySender } from './sender.js';

const never = new AbortController().signal;

describe('a service of PagerDuty', () => {
  let pagerduty: Receiver;
  beforeEach(async () => {
    pagerduty = await startReceiver();
    pagerduty.answerWith(() => ({ status: 202, body: '{"status":"success"}' }));
  });
  afterEach(() => pagerduty.stop());

  const send = (notice = noticeOf(approvalWith(), 'escalation')) => {
    const entry = { routing_key: 'R0', api_url: `${pagerduty.url}/v2/enqueue`, base_url: 'https://inbox.example' };
    const channel = channelOf({ name: 'on-call', pagerduty: entry }) as PagerDutyChannel;
    return new PagerDutySender({ pagerduty: channel.pagerduty, now: () => now }).send(notice, never);
  };
  const event = () => JSON.parse(pagerduty.received.at(-1)!.body) as Record<string, unknown>;
  const told = (kind: NoticeKind): NoticeDelivery => deliveryAfter(created(kind), claimed, sent);
  const { id } = approvalWith();

  it('opens one incident for an approval, with the call and a link', async () => {
    expect(await send()).toEqual({ type: 'sent', detail: 'HTTP 202', receipt: null });
    expect(event()).toMatchObject({
      routing_key: 'R0',
      event_action: 'trigger',
      dedup_key: `countersign/${id}`,
      client_url: `https://inbox.example/inbox/approvals/${id}`,
      payload: {
        summary: expect.stringContaining('Escalation: approval needed'),
        severity: 'warning',
        component: 'deploy_to_production',
        custom_details: { arguments: expect.stringContaining('service_name: auth-service') },
      },
    });
    await send(noticeOf(approvalWithSecret(), 'escalation'));
    expect(pagerduty.received[1]!.body).not.toContain('s3cret');
  });

  it('says how bad a wrong decision would be, and that an alarm is one', async () => {
    await send(noticeOf(approvalWith({ presentation: Presentation.parse({ risk: 'critical' }) }), 'escalation'));
    expect(event()).toMatchObject({ payload: { severity: 'critical' } });
    await send(noticeOf(approved(), 'break_glass'));
    expect(event()).toMatchObject({ dedup_key: `countersign/${id}/break-glass`, payload: { severity: 'critical' } });
  });

  it('resolves the incident with the approval, and leaves alarms to people', async () => {
    const outcome = await send(noticeOf(approved(), 'resolved', [told('escalation')]));
    expect(outcome).toMatchObject({ type: 'sent' });
    expect(event()).toEqual({ routing_key: 'R0', event_action: 'resolve', dedup_key: `countersign/${id}` });
    for (const earlier of [[], [told('break_glass')]])
      expect(await send(noticeOf(approved(), 'resolved', earlier))).toMatchObject({ type: 'not_needed' });
    expect(pagerduty.received).toHaveLength(1);
  });

  it('does not resolve before what is being opened', async () => {
    const opening = deliveryAfter(created('escalation'), claimed);
    expect(await send(noticeOf(approved(), 'resolved', [opening]))).toMatchObject({ type: 'failed_for_now' });
    expect(pagerduty.received).toEqual([]);
  });
});
