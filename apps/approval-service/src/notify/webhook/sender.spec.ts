import { systemClock } from '@countersign/contracts/time';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebhookChannel } from '@countersign/definitions';
import {
  approvalWith,
  approvalWithSecret,
  approved,
  noticeOf,
  now,
  secret,
  webhookTo,
} from '../../../test/notify.fixtures.js';
import { startReceiver, type Receiver } from '../../../test/receiver.fixtures.js';
import { WebhookSender, type WebhookSenderOptions } from './sender.js';

describe('a webhook', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.stop());

  const senderTo = (url: string, change: object = {}, options: Partial<WebhookSenderOptions> = {}) => {
    const { webhook } = webhookTo(url, change) as WebhookChannel;
    return new WebhookSender({ webhook, now: () => now, ...options });
  };
  const never = new AbortController().signal;
  const send = (notice = noticeOf(approvalWith()), options: Partial<WebhookSenderOptions> = {}) =>
    senderTo(`${receiver.url}/hooks?team=ops`, {}, options).send(notice, never);
  const body = () => JSON.parse(receiver.received.at(-1)!.body) as Record<string, unknown>;

  it('is POSTed with the approval and what there is to say of it', async () => {
    expect(await send()).toEqual({ type: 'sent', detail: 'HTTP 204', receipt: null });
    expect(receiver.received).toMatchObject([
      { method: 'POST', path: '/hooks?team=ops', headers: { 'content-type': 'application/json' } },
    ]);
    expect(body()).toEqual({ type: 'approval.pending', timestamp: '2026-09-01T09:30:00.000Z', data: approvalWith() });
  });

  it('shows no argument that is not for everybody', async () => {
    await send(noticeOf(approvalWithSecret()));
    expect(receiver.received[0]!.body).not.toContain('s3cret');
    expect(body()).toMatchObject({ data: { tool_args: { token: '[redacted]' } } });
  });

  it('tells the outcome', async () => {
    await send(noticeOf(approved(), 'resolved'));
    expect(body()).toMatchObject({ type: 'approval.resolved', data: { status: 'approved', resolved_by: 'bob' } });
  });

  describe('that is signed', () => {
    const signed = async () => {
      const notice = noticeOf(approvalWith());
      await send(notice, { now: systemClock });
      const { headers, body } = receiver.received[0]!;
      return { id: notice.delivery.id, headers: headers as Record<string, string>, body };
    };

    it('is verified by whoever has the secret, under the id of its delivery', async () => {
      const { id, headers, body } = await signed();
      expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
      expect(headers['webhook-id']).toBe(id);
    });

    it('is not when the body, its id or the secret is another', async () => {
      const { headers, body } = await signed();
      const other = `whsec_${Buffer.from('another secret').toString('base64')}`;
      expect(() => new Webhook(other).verify(body, headers)).toThrow('signature');
      expect(() => new Webhook(secret).verify(body.replace('pending', 'approved'), headers)).toThrow('signature');
      expect(() => new Webhook(secret).verify(body, { ...headers, 'webhook-id': 'other' })).toThrow('signature');
    });
  });

  it.each([
    [500, {}, { type: 'failed_for_now', detail: 'HTTP 500', retry_after_ms: null }],
    [503, { 'retry-after': '120' }, { type: 'failed_for_now', detail: 'HTTP 503', retry_after_ms: 120_000 }],
    [429, { 'retry-after': new Date(now + 60_000).toUTCString() }, { type: 'failed_for_now', retry_after_ms: 60_000 }],
    [408, {}, { type: 'failed_for_now' }],
    [409, {}, { type: 'failed_for_now' }],
    [425, {}, { type: 'failed_for_now' }],
    [400, {}, { type: 'failed_for_good', detail: 'HTTP 400' }],
    [401, {}, { type: 'failed_for_good' }],
    [404, { 'retry-after': '120' }, { type: 'failed_for_good' }],
    [410, {}, { type: 'failed_for_good' }],
  ])('that is answered with %i %j', async (status, headers, expected) => {
    receiver.answerWith(() => ({ status, headers }));
    expect(await send()).toMatchObject(expected);
  });

  it.each([301, 302, 303, 307, 308])('is not sent on when the answer is %i', async (status) => {
    receiver.answerWith(() => ({ status, headers: { location: `${receiver.url}/elsewhere` } }));
    expect(await send()).toEqual({ type: 'failed_for_good', detail: `HTTP ${status}: redirects are not followed` });
    expect(receiver.received).toHaveLength(1);
  });

  it('fails when there is no answer in time', async () => {
    receiver.answerWith(() => 'hang');
    await expect(send(undefined, { timeoutMs: 50 })).rejects.toMatchObject({ name: 'AbortError' });
    expect(receiver.received).toHaveLength(1);
  });

  it('fails when nobody listens', async () => {
    await receiver.stop();
    await expect(send()).rejects.toThrow('ECONNREFUSED');
    receiver = await startReceiver();
  });

  it('reads no more of an answer than anybody needs', async () => {
    receiver.answerWith(() => ({ status: 200, body: 512 * 1024 * 1024 }));
    expect(await send()).toMatchObject({ type: 'sent', detail: 'HTTP 200' });
    await expect.poll(() => receiver.written).toBeLessThan(64 * 1024 * 1024);
  });

  describe('to a name', () => {
    it('goes to the very address that was checked, which is looked up once', async () => {
      const resolve = vi.fn(async () => ['127.0.0.1']);
      const sender = senderTo(`http://hooks.invalid:${receiver.port}/`, {}, { resolve });
      expect(await sender.send(noticeOf(approvalWith()), never)).toMatchObject({ type: 'sent' });
      expect(resolve.mock.calls).toEqual([['hooks.invalid']]);
      expect(receiver.received).toMatchObject([{ headers: { host: `hooks.invalid:${receiver.port}` } }]);
    });

    it('that leads inside goes nowhere, however public it looked before', async () => {
      const answers = [['93.184.215.14'], ['127.0.0.1']];
      const resolve = async () => answers.pop()!;
      const sender = senderTo(`https://rebound.invalid:${receiver.port}/`, { allow_private: false }, { resolve });
      expect(await sender.send(noticeOf(approvalWith()), never)).toEqual({
        type: 'failed_for_good',
        detail: 'rebound.invalid is at 127.0.0.1, which is not a public address',
      });
      expect(receiver.received).toEqual([]);
    });
  });

  it('goes nowhere without TLS, unless private addresses are allowed', async () => {
    const sender = senderTo(receiver.url, { allow_private: false });
    expect(await sender.send(noticeOf(approvalWith()), never)).toEqual({
      type: 'failed_for_good',
      detail: 'http is not allowed',
    });
    expect(receiver.received).toEqual([]);
  });
});
