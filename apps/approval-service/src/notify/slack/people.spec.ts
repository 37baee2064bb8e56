import type { SlackChannel } from '@countersign/definitions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelOf } from '../../../test/notify.fixtures.js';
import { startReceiver, type Receiver } from '../../../test/receiver.fixtures.js';
import { personOf } from './people.js';

const member = {
  id: 'U9',
  team_id: 'T1',
  deleted: false,
  is_bot: false,
  is_restricted: false,
  is_ultra_restricted: false,
  is_email_confirmed: true,
  profile: { email: 'grace@example.com' },
};

describe('who a user of Slack is here', () => {
  let slack: Receiver;
  beforeEach(async () => {
    slack = await startReceiver();
  });
  afterEach(() => slack.stop());

  const says = (user: object | null, home: object = { ok: true, team_id: 'T1' }) =>
    slack.answerWith(({ path }) => ({
      status: 200,
      body: JSON.stringify(path.startsWith('/auth.test') ? home : user ? { ok: true, user } : { ok: false }),
    }));
  const person = (more: object = { email_domains: ['example.com'] }, id = 'U9', timeoutMs = 2_000) => {
    const own = { bot_token: 'xoxb', channel: 'C1', signing_secret: 's', users: { U1: 'bob' }, api_url: slack.url };
    return personOf(channelOf({ name: 'ops', slack: { ...own, ...more } }) as SlackChannel, id, timeoutMs);
  };

  it('is whom the channel lists, and nobody is asked', async () => {
    expect(await person({ email_domains: ['example.com'] }, 'U1')).toEqual({ subject: 'bob' });
    expect(await person({})).toMatchObject({ refusal: expect.stringContaining('not mapped') });
    expect(slack.received).toEqual([]);
  });

  it('is else the confirmed address of a member, of a domain that the channel takes', async () => {
    says(member);
    expect(await person()).toEqual({ subject: 'grace@example.com' });
    expect(slack.received.map(({ path }) => path).toSorted()).toEqual(['/auth.test?', '/users.info?user=U9']);
    expect(slack.received[0]!.headers.authorization).toBe('Bearer xoxb');
  });

  it.each<[string, object | null]>([
    ['nobody', null],
    ['somebody else', { ...member, id: 'U8' }],
    ['of another workspace, as in a shared channel', { ...member, team_id: 'T2' }],
    ['a stranger', { ...member, is_stranger: true }],
    ['a guest', { ...member, is_restricted: true }],
    ['a guest of one channel', { ...member, is_ultra_restricted: true }],
    ['who has left', { ...member, deleted: true }],
    ['a bot', { ...member, is_bot: true }],
    ['whose address is not confirmed', { ...member, is_email_confirmed: false }],
    ['of whom that is not said', { ...member, is_email_confirmed: undefined }],
    ['without an address', { ...member, profile: {} }],
    ['of another domain', { ...member, profile: { email: 'grace@example.com.evil.example' } }],
    ['of a domain in the name', { ...member, profile: { email: '"grace@example.com"@evil.example' } }],
    ['of a domain that looks alike', { ...member, profile: { email: 'grace@ехample.com' } }],
  ])('is not %s', async (_, user) => {
    says(user);
    expect(await person()).toMatchObject({ refusal: expect.stringContaining('Nothing was decided') });
  });

  it('is nobody where Slack does not say of which workspace the app is, fails, or is late', async () => {
    says(member, { ok: false, error: 'invalid_auth' });
    expect(await person()).toHaveProperty('refusal');
    slack.answerWith(() => ({ status: 503 }));
    expect(await person()).toHaveProperty('refusal');
    slack.answerWith(() => 'hang');
    expect(await person(undefined, 'U9', 50)).toMatchObject({ refusal: expect.stringContaining('Try again') });
  });
});
