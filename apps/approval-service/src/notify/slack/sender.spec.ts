import type { NoticeDelivery, NoticeKind } from '@countersign/contracts/deliveries';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlackChannel } from '@countersign/definitions';
import {
  approvalWith,
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
import { SlackSender } from './sender.js';

const never = new AbortController().signal;
const okay = { ok: true, channel: 'C123', ts: '1756.000100' };

describe('a channel of Slack', () => {
  let slack: Receiver;
  beforeEach(async () => {
    slack = await startReceiver();
    answer(okay);
  });
  afterEach(() => slack.stop());

  const answer = (body: unknown, status = 200, headers = {}) =>
    slack.answerWith(() => ({ status, headers, body: JSON.stringify(body) }));
  const channel = (on?: NoticeKind[]) =>
    channelOf({
      name: 'ops',
      slack: {
        bot_token: 'xoxb-1',
        channel: '#ops',
        signing_secret: 's',
        api_url: slack.url,
        base_url: 'https://inbox.example',
      },
      ...(on && { on }),
    }) as SlackChannel;
  const sender = (on?: NoticeKind[], timeoutMs = 5_000) =>
    new SlackSender({ channel: channel(on), now: () => now, timeoutMs });
  const requests = () => slack.received.map(({ path, body }) => [path, JSON.parse(body) as object]);
  const post = () => sender().send(noticeOf(approvalWith()), never);

  it('is posted to, and where the message is is kept', async () => {
    expect(await post()).toEqual({ type: 'sent', detail: null, receipt: { channel: 'C123', ts: '1756.000100' } });
    expect(slack.received[0]!.headers).toMatchObject({
      authorization: 'Bearer xoxb-1',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(requests()).toEqual([['/chat.postMessage', expect.objectContaining({ channel: '#ops' })]]);
  });

  it.each([
    [200, { ok: false, error: 'channel_not_found' }, { type: 'failed_for_good', detail: 'Slack: channel_not_found' }],
    [200, { ok: false, error: 'invalid_auth' }, { type: 'failed_for_good' }],
    [200, { ok: false, error: 'internal_error' }, { type: 'failed_for_now' }],
    [200, { ok: false }, { type: 'failed_for_good', detail: 'Slack: no error reported' }],
    [200, 'a page', { type: 'failed_for_now', detail: 'Slack: not an answer of Slack' }],
    [429, { ok: false, error: 'ratelimited' }, { type: 'failed_for_now', retry_after_ms: 30_000 }],
    [503, {}, { type: 'failed_for_now', detail: 'Slack: HTTP 503' }],
    [403, {}, { type: 'failed_for_good' }],
  ])('that answers %i %j', async (status, body, expected) => {
    answer(body, status, { 'retry-after': '30' });
    expect(await post()).toMatchObject(expected);
  });

  it('that does not answer in time is a failure that may pass', async () => {
    slack.answerWith(() => 'hang');
    const posted = sender(undefined, 50).send(noticeOf(approvalWith()), never);
    await expect(posted).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  describe('when an approval is resolved', () => {
    const posted = (kind: NoticeKind, ts: string): NoticeDelivery => ({
      ...deliveryAfter(created(kind), claimed, sent),
      receipt: { channel: 'C123', ts },
    });
    const earlier = [posted('pending', '1.1'), posted('reminder', '2.2')];
    const resolve = (given = earlier, on?: NoticeKind[]) =>
      sender(on).send(noticeOf(approved(), 'resolved', given), never);

    it('has the outcome in all its messages, in the place of the buttons', async () => {
      expect(await resolve()).toEqual({ type: 'sent', detail: '2 changed', receipt: null });
      expect(requests()).toMatchObject([
        ['/chat.update', { channel: 'C123', ts: '1.1', text: expect.stringMatching(/^Approval needed/) }],
        ['/chat.update', { channel: 'C123', ts: '2.2', text: expect.stringMatching(/^Reminder/) }],
      ]);
      for (const { body } of slack.received) {
        expect(body).toContain('Approved by bob');
        expect(body).not.toContain('"actions"');
      }
    });

    it('gets a message of its own besides when it wants one', async () => {
      expect(await resolve(earlier.slice(1), ['pending', 'resolved'])).toMatchObject({
        type: 'sent',
        receipt: { ts: okay.ts },
      });
      expect(requests()).toMatchObject([
        ['/chat.update', {}],
        ['/chat.postMessage', { text: expect.stringMatching(/^Approval resolved/) }],
      ]);
    });

    it('has nothing to change when it got no message before', async () => {
      expect(await resolve([])).toEqual({ type: 'not_needed', detail: 'there is no message to change' });
      expect(slack.received).toEqual([]);
    });

    it('waits for a message that is being sent, since its buttons have to go too', async () => {
      expect(await resolve([deliveryAfter(created(), claimed)])).toMatchObject({ type: 'failed_for_now' });
      expect(slack.received).toEqual([]);
    });

    it('goes on where somebody has removed a message', async () => {
      slack.answerWith((_, n) => ({
        status: 200,
        body: JSON.stringify(n === 1 ? { ok: false, error: 'message_not_found' } : okay),
      }));
      expect(await resolve()).toMatchObject({ type: 'sent' });
      expect(slack.received).toHaveLength(2);
    });

    it('is asked again when it could not be changed', async () => {
      answer({ ok: false, error: 'ratelimited' }, 429, { 'retry-after': '3' });
      expect(await resolve()).toMatchObject({ type: 'failed_for_now', retry_after_ms: 3_000 });
      expect(slack.received).toHaveLength(1);
    });
  });
});
