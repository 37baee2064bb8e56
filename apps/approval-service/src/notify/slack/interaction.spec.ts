import type { Approval } from '@countersign/contracts/approvals';
import { Presentation } from '@countersign/contracts/presentation';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlackChannel } from '@countersign/definitions';
import { nowSeconds } from '../../../test/approval.fixtures.js';
import { approvalWith, approvalWithSecret, approved, channelOf } from '../../../test/notify.fixtures.js';
import { startReceiver, type Receiver } from '../../../test/receiver.fixtures.js';
import { answerInteraction, interactionOf, notShown, subjectOf } from './interaction.js';
import { buttonValue } from './message.js';

const response_url = 'https://hooks.slack.com/actions/T1/2/3';
const value = JSON.stringify({ approval_id: 'approval-1', digest: 'sha256:00' });
const payload = {
  type: 'block_actions',
  user: { id: 'U024BE7LH', username: 'ada', team_id: 'T1' },
  api_app_id: 'A1',
  container: { type: 'message', message_ts: '1756.1', channel_id: 'C1' },
  response_url,
  actions: [{ type: 'button', action_id: 'approve', block_id: 'b', value, action_ts: '1756.2' }],
};
const bodyOf = (value: unknown) => new URLSearchParams({ payload: JSON.stringify(value) }).toString();
const pressed = (change: object) => interactionOf(bodyOf({ ...payload, ...change }));

describe('an interaction', () => {
  it.each([
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ])('of the button %s is a verdict: %s', (action_id, verdict) => {
    const interaction = pressed({ actions: [{ ...payload.actions[0], action_id }] });
    expect(interaction).toEqual({
      approval_id: 'approval-1',
      digest: 'sha256:00',
      said: 0,
      action: action_id,
      verdict,
      slack_user: 'U024BE7LH',
      response_url,
    });
  });

  it('may come as bytes', () => {
    expect(interactionOf(Buffer.from(bodyOf(payload)))).toMatchObject({ approval_id: 'approval-1' });
  });

  it.each([
    ['is of another kind', { type: 'view_submission' }],
    ['is of no button', { actions: [] }],
    ['is of a button that is not ours', { actions: [{ action_id: 'open', value }] }],
    ['names no approval', { actions: [{ action_id: 'approve' }] }],
    ['names no approval', { actions: [{ action_id: 'approve', value: '' }] }],
    ['does not name the call', { actions: [{ action_id: 'approve', value: 'approval-1' }] }],
    ['does not name the call', { actions: [{ action_id: 'approve', value: '{"approval_id":"approval-1"}' }] }],
    ['is by nobody', { user: {} }],
    ['cannot be answered', { response_url: 'file:///etc/passwd' }],
  ])('is none when it %s', (_, change) => {
    expect(pressed(change)).toBeUndefined();
  });

  it.each(['', 'payload=', 'payload={', 'payload=null', 'other=1', '{"type":"block_actions"}'])(
    'is not read from %j',
    (body) => expect(interactionOf(body)).toBeUndefined(),
  );
});

describe('a user of Slack', () => {
  const channel = channelOf({
    name: 'ops',
    slack: { bot_token: 'xoxb', channel: 'C1', signing_secret: 's', users: { U024BE7LH: 'ada@example.com' } },
  }) as SlackChannel;

  it('is who the channel says', () => {
    expect(subjectOf(channel, { slack_user: 'U024BE7LH' })).toEqual({ subject: 'ada@example.com' });
  });

  it.each(['U999', 'constructor', '__proto__', ''])('that it does not name decides nothing: %j', (slack_user) => {
    expect(subjectOf(channel, { slack_user })).toEqual({ refusal: expect.stringContaining('Nothing was decided') });
  });
});

describe('a button of a call that nobody can have seen whole', () => {
  const channel = channelOf({
    name: 'ops',
    slack: { bot_token: 'xoxb', channel: 'C1', signing_secret: 's', users: {}, base_url: 'https://inbox.example' },
  }) as SlackChannel;
  const pressedOn = (approval: Approval, value = buttonValue(approval), action: 'approve' | 'reject' = 'approve') =>
    notShown(approval, { action, ...(JSON.parse(value) as { digest: string; said: number }) }, channel);

  it.each<[string, Approval]>([
    [
      'it is longer than a message',
      approvalWith({ tool_args: { text: 'x'.repeat(4_000), environment: 'production' } }),
    ],
    ['a part of it is not for everybody', approvalWithSecret()],
    ['its reason is longer than a message', approvalWith({ context: { reason: 'x'.repeat(4_000) } })],
  ])('decides nothing: %s', (_, approval) => {
    expect(pressedOn(approval)).toMatch(/cannot show all of this call\. Open it in the inbox: https:.*\/approvals\//);
  });

  it('decides nothing once another call is asked for than the message shows', () => {
    const now = approvalWith({ approved_args: { version: '9' } });
    expect(pressedOn(now, buttonValue(approvalWith()))).toContain('the call has changed since this message');
    expect(pressedOn(now)).toBeUndefined();
  });

  it('approves nothing critical, whatever the message looked like when it was pressed', () => {
    const presentation = Presentation.parse({ risk: 'critical' });
    expect(pressedOn(approvalWith({ presentation }))).toContain('a button is not enough');
    expect(pressedOn(approvalWith({ presentation }), undefined, 'reject')).toBeUndefined();
  });

  it('approves nothing that somebody has asked or answered a question about since', () => {
    const asked = { id: 'q', by: 'carol', at: nowSeconds, text: 'Which region?', answer: null, withdrawn_at: null };
    const before = buttonValue(approvalWith());
    const open = approvalWith({ questions: [asked] });
    expect(pressedOn(open, before)).toContain('asked or answered a question');
    expect(pressedOn(open)).toContain('a button is not enough');
    const answered = approvalWith({
      questions: [{ ...asked, answer: { by: 'ana', at: nowSeconds, text: 'All of them.' } }],
    });
    for (const value of [before, buttonValue(open)]) {
      expect(pressedOn(answered, value)).toContain('asked or answered a question');
      expect(pressedOn(answered, value, 'reject')).toBeUndefined();
    }
    expect(pressedOn(answered)).toBeUndefined();
  });

  it('decides nothing that no button was there for', () => {
    expect(pressedOn(approvalWith({ pause_type: 'user_input' }))).toContain('a button is not enough');
    expect(pressedOn(approvalWith({ pause_type: 'user_input' }), undefined, 'reject')).toBeUndefined();
    expect(pressedOn(approvalWith({ allowed_decisions: ['approve'] }), undefined, 'reject')).toContain('not enough');
  });

  it('is left to the rules of every decision where the call was shown, or is decided already', () => {
    expect(pressedOn(approvalWith())).toBeUndefined();
    expect(pressedOn({ ...approved(), tool_args: { text: 'x'.repeat(4_000) } })).toBeUndefined();
  });
});

describe('the answer to an interaction', () => {
  let slack: Receiver;
  beforeEach(async () => {
    slack = await startReceiver();
  });
  afterEach(() => slack.stop());

  it('is shown to whoever pressed the button, and mentions nobody', async () => {
    await answerInteraction({ response_url: slack.url }, 'No: <!channel> & more');
    expect(JSON.parse(slack.received[0]!.body)).toEqual({
      response_type: 'ephemeral',
      replace_original: false,
      text: 'No: &lt;!channel&gt; &amp; more',
    });
  });

  it('says when Slack does not take it', async () => {
    slack.answerWith(() => ({ status: 404, body: 'expired_url' }));
    await expect(answerInteraction({ response_url: slack.url }, 'No.')).rejects.toThrow('404');
  });
});
