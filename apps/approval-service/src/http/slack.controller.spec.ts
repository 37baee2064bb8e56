import type { RequireTerms } from '@countersign/contracts/approvals';
import { toEpochSeconds } from '@countersign/contracts/time';
import type { SlackChannel } from '@countersign/definitions';
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { required } from '../../test/approval.fixtures.js';
import { openApprovals, type OpenedApprovals } from '../../test/approvals.fixtures.js';
import { channelOf } from '../../test/notify.fixtures.js';
import { buttonValue } from '../notify/slack/message.js';
import { startReceiver, type Receiver } from '../../test/receiver.fixtures.js';
import { SlackController } from './slack.controller.js';

const { approval_id: id } = required().event.data;
const signing_secret = '8f742231b10e8888abcd99yyyzzz85a5';

describe('a button that somebody presses in Slack', () => {
  let open: OpenedApprovals;
  let slack: Receiver;
  let controller: SlackController;
  let channels: Map<string, SlackChannel>;
  beforeEach(async () => {
    [open, slack] = [await openApprovals(), await startReceiver()];
    slack.answerWith(() => ({ status: 200 }));
    const users = { U1: 'bob', U2: 'ana' };
    const channel = channelOf({ name: 'ops', slack: { bot_token: 'xoxb', channel: 'C1', signing_secret, users } });
    channels = new Map([['ops', channel as SlackChannel]]);
    controller = new SlackController(open.decisions, channels, () => open.clock.time);
  });
  afterEach(async () => {
    await Promise.all([open.close(), slack.stop()]);
  });

  const ask = (terms: Partial<RequireTerms> = {}) => open.approvals.execute(id, required(terms), { creates: true });

  async function press(
    action_id: string,
    user: string,
    { secret = signing_secret, channel = 'ops', value = '' } = {},
  ): Promise<void> {
    const approval = (await open.store.get(id))!;
    const payload = {
      type: 'block_actions',
      user: { id: user },
      response_url: slack.url,
      actions: [{ action_id, value: value || buttonValue(approval) }],
    };
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const at = String(toEpochSeconds(open.clock.time));
    const signature = createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex');
    const headers = { 'x-slack-request-timestamp': at, 'x-slack-signature': `v0=${signature}` };
    return controller.interact(channel, { rawBody: Buffer.from(body), headers });
  }

  it.each([
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ])('%s decides as the person that the channel says the user is', async (action, status) => {
    await ask();
    await press(action, 'U1');
    expect(await open.store.get(id)).toMatchObject({ status, resolved_by: 'bob' });
    expect(slack.received).toEqual([]);
  });

  it('decides by the same rules as elsewhere, and tells whoever may not', async () => {
    await ask();
    await press('approve', 'U2');
    expect(await open.store.get(id)).toMatchObject({ status: 'pending', decisions: [] });
    expect(slack.received[0]!.body).toContain('the requester does not decide on the call');
  });

  it('decides for whom the channel names in what is in force by then', async () => {
    await ask();
    const { slack: of, ...rest } = channels.get('ops')!;
    const fresh = async () => void channels.set('ops', { ...rest, slack: { ...of, users: { U2: 'ana' } } });
    Object.assign(open.judge, { fresh });
    await press('approve', 'U1');
    expect(await open.store.get(id)).toMatchObject({ status: 'pending', decisions: [] });
  });

  it('tells somebody who comes too late that it is decided', async () => {
    await ask();
    await press('approve', 'U1');
    await press('reject', 'U2');
    expect(await open.store.get(id)).toMatchObject({ status: 'approved' });
    expect(slack.received[0]!.body).toContain('already resolved');
  });

  it('decides nothing for a user whom the channel does not name', async () => {
    await ask();
    await press('approve', 'U9');
    expect(await open.store.get(id)).toMatchObject({ status: 'pending' });
    expect(slack.received[0]!.body).toContain('Nothing was decided');
  });

  it('decides nothing on a call that its message does not show', async () => {
    await ask();
    await press('approve', 'U1', { value: JSON.stringify({ approval_id: id, digest: 'sha256:of another call' }) });
    expect(await open.store.get(id)).toMatchObject({ status: 'pending', decisions: [] });
    expect(slack.received[0]!.body).toContain('the call has changed since this message');
  });

  it('decides nothing without the signature of Slack, or on a channel that there is not', async () => {
    await ask();
    await expect(press('approve', 'U1', { secret: 'guessed' })).rejects.toMatchObject({ status: 401 });
    await expect(press('approve', 'U1', { channel: 'other' })).rejects.toMatchObject({ status: 404 });
    expect(await open.store.get(id)).toMatchObject({ status: 'pending' });
  });
});
