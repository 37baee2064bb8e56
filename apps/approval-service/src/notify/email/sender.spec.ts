import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmailChannel } from '@countersign/definitions';
import { approvalWith, channelOf, noticeOf } from '../../../test/notify.fixtures.js';
import { EmailSender } from './sender.js';
import { startSmtpSink, type SmtpSink } from '../../../test/smtp-sink.fixtures.js';

const never = new AbortController().signal;

describe('e-mail', () => {
  let sink: SmtpSink;
  beforeEach(async () => {
    sink = await startSmtpSink();
  });
  afterEach(() => sink.stop());

  const notice = noticeOf(approvalWith());
  const send = ({ timeoutMs = 5_000, smtp_url = sink.url, given = notice } = {}) => {
    const to = ['ada@example.com', 'bob@example.com'];
    const entry = { name: 'mail', email: { smtp_url, from: 'Countersign <countersign@example.com>', to } };
    const { email } = channelOf(entry) as EmailChannel;
    return new EmailSender({ email, timeoutMs }).send(given, never);
  };
  const head = () => sink.mails[0]!.data.split('\n\n')[0]!;

  it('goes to everybody who is named, as text and as HTML', async () => {
    expect(await send()).toEqual({ type: 'sent', detail: '250 fine', receipt: null });
    expect(sink.mails).toMatchObject([{ from: 'countersign@example.com', to: ['ada@example.com', 'bob@example.com'] }]);
    expect(head()).toMatch(/^Subject: Approval needed: Operations, for ana, requests\n deploy_to_production$/m);
    expect(head()).toMatch(/^Auto-Submitted: auto-generated$/m);
    expect(sink.mails[0]!.data).toMatch(/^Content-Type: text\/plain/m);
    expect(sink.mails[0]!.data).toMatch(/^Content-Type: text\/html/m);
  });

  it('is the same message every time it is sent', async () => {
    await send();
    await send();
    const ids = sink.mails.map(({ data }) => /^Message-ID: (.*)$/m.exec(data)?.[1]);
    expect(ids).toEqual([`<${notice.delivery.id}@example.com>`, `<${notice.delivery.id}@example.com>`]);
  });

  it('has no header and no receiver that a tool call brings', async () => {
    const source_name = 'x\r\nBcc: eve@evil.example\r\nX-Evil: 1';
    await send({ given: noticeOf(approvalWith({ source_name })) });
    expect(sink.mails[0]!.to).toEqual(['ada@example.com', 'bob@example.com']);
    expect(head()).not.toMatch(/^(Bcc|X-Evil)/m);
  });

  it.each([
    ['MAIL', '550 no', 'failed_for_good'],
    ['RCPT', '550 no such user', 'failed_for_good'],
    ['.', '554 refused', 'failed_for_good'],
    ['MAIL', '421 busy', 'failed_for_now'],
    ['RCPT', '450 greylisted', 'failed_for_now'],
    ['.', '451 try later', 'failed_for_now'],
  ])('that %s is answered with %j: %s', async (command, reply, type) => {
    sink.answer(command, reply);
    expect(await send()).toMatchObject({ type, detail: expect.stringContaining(reply) });
    expect(sink.mails).toEqual([]);
  });

  it('is sent when some take it, and says who does not', async () => {
    sink.answer('RCPT TO:<BOB', '550 no such user');
    expect(await send()).toMatchObject({ type: 'sent', detail: '250 fine; refused for bob@example.com' });
    expect(sink.mails).toMatchObject([{ to: ['ada@example.com'] }]);
  });

  it('fails for now when the server does not answer in time', async () => {
    sink.answer('DATA', 'hang');
    expect(await send({ timeoutMs: 200 })).toMatchObject({ type: 'failed_for_now' });
  });

  it('fails for now when nobody listens', async () => {
    const { url } = sink;
    await sink.stop();
    expect(await send({ smtp_url: url })).toMatchObject({
      type: 'failed_for_now',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    sink = await startSmtpSink();
  });
});
