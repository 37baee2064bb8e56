import { NoticeKind } from '@countersign/contracts/deliveries';
import { ConfigError } from '@countersign/contracts/problems';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withSecrets } from './channel-secrets.js';
import { Channel, wants } from '@countersign/definitions';
import { channelOf, secret, webhookTo } from '../../test/notify.fixtures.js';

const webhook = { url: 'https://hooks.example/x', secret };
const slack = { bot_token: 'xoxb-1', channel: 'C1', signing_secret: 's' };
const email = { smtp_url: 'smtps://mail.example', from: 'cs@example.com', to: ['ada@example.com'] };

describe('a channel', () => {
  it.each([
    ['a webhook', { webhook }],
    ['a webhook with a secret of the environment', { webhook: { ...webhook, secret: '{{env.HOOK}}' } }],
    ['one of Slack', { slack: { ...slack, users: { U024BE7LH: 'ada@example.com' } } }],
    ['e-mail', { email: { ...email, smtp_url: '{{env.SMTP_URL}}', base_url: 'https://inbox.example' } }],
  ])('is %s', (_, entry) => {
    expect(channelOf({ name: 'ops', ...entry }).on).toEqual([
      'pending',
      'reminder',
      'escalation',
      'question',
      'answer',
    ]);
  });

  it.each([
    ['nowhere', {}],
    ['two things at once', { webhook, slack }],
    ['without a name that can be written', { name: 'a b', webhook }],
    ['of a field that is not known', { webhook: { ...webhook, method: 'PUT' } }],
    ['told of what there is not', { webhook, on: ['deleted'] }],
    ['at no URL', { webhook: { ...webhook, url: 'hooks.example' } }],
    ['at another kind of URL', { webhook: { ...webhook, url: 'file:///etc/passwd' } }],
    ['signed with no secret of its kind', { webhook: { ...webhook, secret: 'hunter2' } }],
    ['for users who are not of Slack', { slack: { ...slack, users: { ada: 'ada@example.com' } } }],
    ['to nobody', { email: { ...email, to: [] } }],
    ['to what is no address', { email: { ...email, to: ['ada'] } }],
    ['from two lines', { email: { ...email, from: 'cs@example.com\r\nBcc: eve@evil.example' } }],
    ['of Teams at no URL', { teams: { url: 'hook' } }],
    ['of PagerDuty without a key', { pagerduty: { routing_key: '' } }],
    ['with quiet hours that never begin', { email, quiet_hours: { until: '07:00' } }],
    ['of browsers whose push services can write to nobody', { web_push: { contact: 'ops' } }],
    ['through no mail server', { email: { ...email, smtp_url: 'https://mail.example' } }],
  ])('is not %s', (_, entry) => {
    expect(Channel.safeParse({ name: 'ops', ...entry }).success).toBe(false);
  });

  it('can be described as JSON Schema', () => {
    expect(z.toJSONSchema(Channel, { io: 'input' })).toMatchObject({ anyOf: [{}, {}, {}, {}, {}, {}] });
  });

  it.each<[string, object, NoticeKind[]]>([
    // Of a broken glass every channel is, whatever it says.
    ['unless it says more', { webhook }, ['pending', 'reminder', 'escalation', 'question', 'answer']],
    ['as listed', { webhook, on: ['resolved'] }, ['resolved']],
    ['of the end of a run', { webhook, on: ['ended'] }, ['ended']],
    ['as its events say', { webhook: { ...webhook, events: ['approval.resolved'] } }, ['resolved']],
    ['and of outcomes in Slack, where buttons have to go', { slack, on: ['escalation'] }, ['escalation', 'resolved']],
    [
      'of escalations in PagerDuty, and of what resolves them',
      { pagerduty: { routing_key: 'R' } },
      ['escalation', 'resolved'],
    ],
    ['as listed in e-mail', { email, on: ['reminder'] }, ['reminder']],
  ])('is told %s', (_, entry, expected) => {
    const channel = channelOf({ name: 'ops', ...entry });
    const kinds = NoticeKind.options;
    expect(kinds.filter((kind) => wants(channel, kind)).toSorted()).toEqual([...expected, 'break_glass'].toSorted());
  });

  it('of some agents is notified of their calls alone, also of alarms', () => {
    const channel = channelOf({ name: 'bot', webhook, on: ['ended'], agents: ['bot'] });
    for (const kind of ['ended', 'break_glass'] as const)
      expect([undefined, 'bot', 'ops', null].map((agent) => wants(channel, kind, agent))).toEqual([
        true,
        true,
        false,
        false,
      ]);
  });
});

describe('the secrets of a channel', () => {
  const env = { HOOK: secret, TOKEN: 'xoxb-2', SIGNING: 'shh', SMTP: 'smtp://user:password@mail.example', EMPTY: '' };
  const named = (entry: object) => withSecrets(channelOf({ name: 'ops', ...entry }), env);

  it('come from the environment', () => {
    expect(named({ webhook: { url: 'https://hooks.example/x', secret: '{{env.HOOK}}' } })).toMatchObject({
      webhook: { secret },
    });
    const placeholders = { bot_token: '{{env.TOKEN}}', signing_secret: '{{env.SIGNING}}' };
    expect(named({ slack: { ...slack, ...placeholders } })).toMatchObject({
      slack: { bot_token: 'xoxb-2', signing_secret: 'shh' },
    });
    expect(named({ email: { ...email, smtp_url: '{{env.SMTP}}' } })).toMatchObject({ email: { smtp_url: env.SMTP } });
  });

  it('come from the environment for Teams and PagerDuty', () => {
    const more = { ...env, TEAMS: 'https://teams.example/hook?sig=1' };
    const filled = (entry: object) => withSecrets(channelOf({ name: 'ops', ...entry }), more);
    expect(filled({ teams: { url: '{{env.TEAMS}}' } })).toMatchObject({ teams: { url: more.TEAMS } });
    expect(filled({ pagerduty: { routing_key: '{{env.TOKEN}}' } })).toMatchObject({
      pagerduty: { routing_key: 'xoxb-2' },
    });
  });

  it('may be in the file', () => {
    const channel = webhookTo('https://hooks.example/x');
    expect(withSecrets(channel, {})).toEqual(channel);
  });

  it.each([
    ['is not set', { webhook: { ...webhook, secret: '{{env.ABSENT}}' } }, 'ABSENT is not set'],
    ['is empty', { slack: { ...slack, signing_secret: '{{env.EMPTY}}' } }, 'channel "ops": '],
    ['is of another kind', { webhook: { ...webhook, secret: '{{env.TOKEN}}' } }, 'channel "ops": '],
    ['is too short', { webhook: { ...webhook, secret: 'whsec_c2hvcnQ=' } }, '24 bytes'],
    ['is not base64', { webhook: { ...webhook, secret: `whsec_${'!'.repeat(40)}` } }, '24 bytes'],
  ])('are refused when one %s, and not shown', (_, entry, message) => {
    const fail = () => named(entry);
    expect(fail).toThrow(ConfigError);
    expect(fail).toThrow(message);
    expect(fail).not.toThrow('xoxb-2');
  });
});
