import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeKind } from '@countersign/contracts/deliveries';
import { Presentation } from '@countersign/contracts/presentation';
import { atMillis, toEpochSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { approvalWith, approvalWithSecret, approved } from '../../../test/notify.fixtures.js';
import { buttonValue, slackMessage } from './message.js';
import { wordingOf } from '../wording.js';

const messageOf = (approval: Approval, kind: NoticeKind = 'pending', base_url?: string) =>
  slackMessage(approval, wordingOf(approval, kind, base_url));

interface Block {
  type: string;
  text?: { type: string; text: string; emoji: boolean };
  elements?: { action_id?: string; value?: string; style?: string; text: unknown }[];
}
const blocksOf = (...of: Parameters<typeof messageOf>) => messageOf(...of).blocks as Block[];
const sections = (...of: Parameters<typeof messageOf>) =>
  blocksOf(...of).flatMap(({ type, text }) => (type === 'section' ? text!.text : []));

describe('a message in Slack', () => {
  it('says who asks for what, with which arguments and why, and until when', () => {
    const approval = approvalWith({ expires_at: toEpochSeconds(atMillis(Date.parse('2026-09-01T10:00:00Z'))) });
    expect(sections(approval)).toEqual([
      'Operations, for ana, requests deploy_to_production',
      'Arguments\nservice_name: auth-service\nversion: 2.1.0',
      'The reason that the model gives, unchecked:\nThis deploys auth-service 2.1.0.',
      'Until Tue, 01 Sep 2026 10:00:00 GMT',
    ]);
  });

  it.each([
    ['pending', 'Approval needed'],
    ['reminder', 'Reminder: approval needed'],
    ['escalation', 'Escalation: approval needed'],
  ] as const)('of kind %s begins with %j', (kind, headline) => {
    const message = messageOf(approvalWith(), kind);
    expect(message.blocks[0]).toMatchObject({ type: 'header', text: { text: headline } });
    expect(message.text).toBe(`${headline}: Operations, for ana, requests deploy_to_production`);
  });

  it('has buttons that name the approval and the call that is shown', () => {
    const value = buttonValue(approvalWith());
    const { id, digest, tool_args } = approvalWith();
    expect(JSON.parse(value)).toEqual({ approval_id: id, digest, said: 0 });
    expect(buttonValue(approvalWith({ approved_args: { ...tool_args, version: '2.0.9' } }))).not.toBe(value);
    expect(blocksOf(approvalWith()).find(({ type }) => type === 'actions')?.elements).toMatchObject([
      { type: 'button', action_id: 'approve', value, style: 'primary', text: { text: 'Approve' } },
      { type: 'button', action_id: 'reject', value, style: 'danger', text: { text: 'Reject' } },
    ]);
  });

  const anyReason = { ...approvalWith().terms, reason_required: ['approve' as const, 'reject' as const] };
  it.each<[string, Partial<Approval>, string[]]>([
    ['a person has to fill in', { pause_type: 'user_input' }, ['reject']],
    ['may only be rejected', { allowed_decisions: ['reject'] }, ['reject']],
    ['may only be approved', { allowed_decisions: ['approve'] }, ['approve']],
    ['needs a reason to be rejected', { terms: { ...anyReason, reason_required: ['reject'] } }, ['approve']],
    ['needs a reason in any case', { terms: anyReason }, []],
  ])('has no button for what a button cannot decide: what %s', (_, change, expected) => {
    const buttons = blocksOf(approvalWith(change)).flatMap(({ type, elements }) =>
      type === 'actions' ? elements! : [],
    );
    expect(buttons.map(({ action_id }) => action_id)).toEqual(expected);
  });

  const cut = 'This is not all of the call. Open it in the inbox to decide.';
  const environment = 'production';
  it.each<[string, Approval]>([
    ['an argument that is long', approvalWith({ tool_args: { text: 'x'.repeat(4_000), environment } })],
    [
      'many arguments',
      approvalWith({ tool_args: Object.fromEntries(Array.from({ length: 200 }, (_, n) => [n, 'x'.repeat(20)])) }),
    ],
    ['characters that take much room', approvalWith({ tool_args: { text: '&'.repeat(600) } })],
    ['characters that are written out', approvalWith({ tool_args: { text: '\u202e'.repeat(400) } })],
    [
      'arguments that another person changed to long ones',
      approvalWith({ approved_args: { text: 'x'.repeat(4_000) } }),
    ],
    ['a long reason', approvalWith({ context: { reason: 'x'.repeat(4_000) } })],
    ['a long name', approvalWith({ source_name: 'x'.repeat(2_000) })],
    ['an argument that is not for everybody', approvalWithSecret()],
  ])('has a link and no button where it cannot show all of the call: %s', (_, approval) => {
    const blocks = blocksOf(approval, 'pending', 'https://inbox.example');
    expect(blocks.map(({ type }) => type)).not.toContain('actions');
    expect(sections(approval)).toContain(cut);
    expect(JSON.stringify(blocks.at(-1))).toContain('|Open in the inbox>');
  });

  const presentation = Presentation.parse({
    title: 'Deploy {{service_name}} {{version}}',
    environment: { argument: 'env', values: { production: { risk: 'critical' }, staging: { risk: 'high' } } },
  });
  const to = (env: string) => approvalWith({ presentation, tool_args: { ...approvalWith().tool_args, env } });
  const buttonsOf = (approval: Approval) =>
    blocksOf(approval).flatMap(({ type, elements }) => (type === 'actions' ? elements! : []));

  it('has buttons that say what they do, where the tool says what a call is', () => {
    expect(buttonsOf(to('staging')).map(({ text }) => (text as { text: string }).text)).toEqual([
      'Approve: Deploy auth-service 2.1.0 (on staging)',
      'Reject: Deploy auth-service 2.1.0 (on staging)',
    ]);
    expect(messageOf(to('staging')).text).toBe(
      'Approval needed, high risk: Operations, for ana, requests deploy_to_production: Deploy auth-service 2.1.0 (on staging)',
    );
  });

  it.each([to('production'), to('Production'), { ...to('staging'), approved_args: { env: 'production' } }])(
    'has no button that approves a critical call',
    (approval) => {
      expect(buttonsOf(approval).map(({ action_id }) => action_id)).toEqual(['reject']);
    },
  );

  it('is not folded by Slack, and has buttons up to the last character that fits', () => {
    const withLength = (length: number) => approvalWith({ tool_args: { text: 'x'.repeat(length) } });
    const hasButtons = (approval: Approval) => blocksOf(approval).some(({ type }) => type === 'actions');
    const rest = sections(withLength(1))[1]!.length - 1;
    expect([2_900 - rest, 2_901 - rest].map((length) => hasButtons(withLength(length)))).toEqual([true, false]);
    for (const block of blocksOf(approvalWith()))
      if (block.type === 'section') expect(block).toMatchObject({ expand: true });
  });

  it('has the outcome in the place of buttons once there is one', () => {
    const approval = { ...approved(), resolution_data: { note: 'Go.' } };
    expect(blocksOf(approval).map(({ type }) => type)).not.toContain('actions');
    expect(sections(approval)).toContain('Approved by bob: Go.');
    expect(sections(approvalWith({ status: 'expired' }))).toContain('Expired');
  });

  it('shows the arguments that were approved when they are others', () => {
    const [, args] = sections({ ...approved(), approved_args: { version: '2.0.9' } });
    expect(args).toBe('Arguments, as they were changed and approved\nversion: 2.0.9');
  });

  it('links to the inbox where there is one', () => {
    const { id } = approvalWith();
    const text = `<https://inbox.example/inbox/approvals/${id}|Open in the inbox>`;
    expect(blocksOf(approvalWith(), 'pending', 'https://inbox.example/').at(-1)).toMatchObject({
      elements: [{ text }],
    });
    const hostile = blocksOf(approvalWith({ id: 'x|y> <!channel>' }), 'pending', 'https://inbox.example');
    expect(hostile.at(-1)!.elements![0]!.text).toBe(
      '<https://inbox.example/inbox/approvals/x%7Cy%3E%20%3C!channel%3E|Open in the inbox>',
    );
  });

  it('shows no argument that is not for everybody', () => {
    expect(JSON.stringify(messageOf(approvalWithSecret()))).not.toContain('s3cret');
  });

  const hostile = '<!channel> <@U1> <https://evil.example|click> & *bold* `code` \u202Egnp.exe\u0007';
  const shown =
    '&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil.example|click&gt; &amp; *bold* `code` [U+202E]gnp.exe[U+0007]';
  const everywhere = approvalWith({
    source_name: hostile,
    tool_name: hostile,
    user_id: hostile,
    tool_args: { hostile },
    context: { reason: hostile },
    status: 'rejected',
    resolved_by: hostile,
    resolution_data: { note: hostile },
  });

  it('cannot be made to mention, link or hide anything', () => {
    const { text, blocks } = messageOf(everywhere);
    expect(sections(everywhere)).toEqual([
      `${shown}, for ${shown}, requests ${shown}`,
      `Arguments\nhostile: ${shown}`,
      `The reason that the model gives, unchecked:\n${shown}`,
      `Rejected by ${shown}: ${shown}`,
    ]);
    for (const { text } of blocks as Block[]) expect(text).toMatchObject({ type: 'plain_text', emoji: false });
    expect(text).toBe(`Approval needed: ${shown}, for ${shown}, requests ${shown}`);
    expect(messageOf(everywhere)).toMatchObject({ parse: 'none', link_names: false, mrkdwn: false });
  });

  it('marks what looks like something else, in arguments, names and reasons', () => {
    const fake = 'p\u0430yments';
    const approval = approvalWith({ source_name: fake, tool_args: { fake }, context: { reason: `For ${fake}.` } });
    const [request, args, reason] = sections(approval);
    for (const text of [request, args, reason]) expect(text).toContain('p\u0430[U+0430]yments');
  });

  it('is never longer than Slack takes', () => {
    const long = '&'.repeat(20_000);
    const approval = approvalWith({ source_name: long, tool_args: { long }, context: { reason: long } });
    const [request, args, reason] = sections(approval);
    for (const text of [request, args, reason]) expect(text!.length).toBeLessThanOrEqual(2_900);
    expect(args).toMatch(/&amp;… and 19\d{3} more characters$/);
    expect(messageOf(approval).text.length).toBeLessThanOrEqual(1_000);
  });

  it('gives no reason when the model gave none', () => {
    for (const context of [{}, { reason: null }, { reason: '' }, { reason: { a: 1 } }])
      expect(sections(approvalWith({ context })).join()).not.toContain('reason');
  });
});
