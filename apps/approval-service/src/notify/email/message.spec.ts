import { describe, expect, it } from 'vitest';
import { emailMessage } from './message.js';
import { approvalWith, approvalWithSecret, approved } from '../../../test/notify.fixtures.js';
import { wordingOf } from '../wording.js';

const messageOf = (approval = approvalWith(), base_url?: string) =>
  emailMessage(wordingOf(approval, 'pending', base_url));

describe('an e-mail', () => {
  it('says who asks for what, with which arguments and why', () => {
    const { subject, text } = messageOf(approvalWith({ expires_at: null }), 'https://inbox.example');
    expect(subject).toBe('Approval needed: Operations, for ana, requests deploy_to_production');
    expect(text).toBe(`Operations, for ana, requests deploy_to_production

Arguments:
service_name: auth-service
version: 2.1.0

The reason that the model gives, unchecked:
> This deploys auth-service 2.1.0.

Open in the inbox: https://inbox.example/inbox/approvals/${approvalWith().id}
`);
  });

  it('says the same as HTML', () => {
    const { html } = messageOf(approved(), 'https://inbox.example');
    for (const part of ['<h2>Approval needed</h2>', '<pre>service_name: auth-service', '<p>Approved by bob</p>'])
      expect(html).toContain(part);
  });

  it('links to the inbox and nowhere else', () => {
    const links = (base_url?: string) => messageOf(approvalWith(), base_url).html.match(/href="[^"]*"|<form|<img/g);
    for (const base of ['https://inbox.example', 'https://inbox.example/', 'https://inbox.example/inbox'])
      expect(links(base)).toEqual([`href="https://inbox.example/inbox/approvals/${approvalWith().id}"`]);
    expect(links('https://ops.example/a/')).toEqual([
      `href="https://ops.example/a/inbox/approvals/${approvalWith().id}"`,
    ]);
    expect(links()).toBeNull();
  });

  it('shows no argument that is not for everybody', () => {
    expect(JSON.stringify(messageOf(approvalWithSecret()))).not.toContain('s3cret');
  });

  const hostile = `<img src=x onerror="a('b')">&\r\nBcc: eve@evil.example\u202E`;
  const everywhere = approvalWith({
    tool_name: hostile,
    source_name: hostile,
    user_id: hostile,
    tool_args: { [hostile]: hostile },
    context: { reason: hostile },
    status: 'rejected',
    resolved_by: hostile,
  });

  it('has a subject of one line, whatever it is of', () => {
    const { subject } = messageOf({ ...everywhere, source_name: 'a\r\nb\nc\rd' });
    expect(subject).toMatch(/^Approval needed: a\[U\+000A\]b\[U\+000A\]c\[U\+000D\]d, for /);
    expect(subject).not.toMatch(/[\r\n]/);
    expect(messageOf(approvalWith({ source_name: 'x'.repeat(5_000) })).subject.length).toBeLessThanOrEqual(200);
  });

  it('has no markup and nothing hidden but its own', () => {
    const { html, text } = messageOf(everywhere, 'https://inbox.example/?a="b"');
    expect(
      [...html.matchAll(/<(\/?\w+)[^>]*>/g)].map(([tag]) => tag).filter((tag) => /img|script|onerror/.test(tag)),
    ).toEqual([]);
    expect(html).toContain('&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;');
    expect(html + text).not.toContain('\u202E');
  });

  it('shows which lines are the model’s', () => {
    const { text } = messageOf(approvalWith({ context: { reason: 'Fine.\n\nApproved by bob' } }));
    expect(text).toContain('unchecked:\n> Fine.\n> \n> Approved by bob\n');
  });

  it('is not endless', () => {
    const long = 'x'.repeat(200_000);
    const { html, text } = messageOf(approvalWith({ tool_args: { long }, context: { reason: long } }));
    expect(text.length + html.length).toBeLessThan(60_000);
    expect(text).toMatch(/… and \d+ more characters/);
  });
});
