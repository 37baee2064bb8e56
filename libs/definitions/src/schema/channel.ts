import { Subject } from '@countersign/contracts/auth';
import { NoticeKind } from '@countersign/contracts/deliveries';
import { z } from 'zod';
import { ChangeWindow } from '../execute/terms.js';
import { Duration } from './duration.js';

export const NoticeType = z.enum([
  'approval.pending',
  'approval.reminder',
  'approval.escalation',
  'approval.question',
  'approval.answer',
  'approval.break_glass',
  'approval.resolved',
  'approval.ended',
]);
/** The same as the body of a webhook names it. */
export type NoticeType = z.infer<typeof NoticeType>;

const secret = (description: string, pattern: RegExp, error: string) =>
  z
    .string()
    .min(1)
    .refine((value) => value.includes('{{') || pattern.test(value), error)
    .meta({ description: `${description} May contain {{env.NAME}}.` });
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' });
const base_url = httpUrl.optional().meta({
  description:
    'Where people reach Countersign, such as `https://countersign.example`. Set: messages link to the inbox.',
});
const oneLine = /^[^\r\n]+$/;

const kinds = (...standard: NoticeKind[]) =>
  z.array(NoticeKind).default(standard).meta({
    description:
      'What is notified here; ended: the run that asked for the call is over. In Slack the outcome replaces the buttons and in PagerDuty it resolves the incident, listed or not.',
  });

const shared = {
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'letters, digits, _ and -, at most 64'),
  on: kinds('pending', 'reminder', 'escalation', 'question', 'answer'),
  quiet_hours: ChangeWindow.optional().meta({
    description:
      'Notices wait until these are over, but for alarms, escalations, and what could not be decided in time then.',
  }),
  agents: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: 'Only calls of these agents are notified here, also of alarms. Unset: of all.' }),
};

/** Told together with others, to people. */
const forPeople = {
  ...shared,
  digest: z
    .union([
      z.strictObject({
        at: z
          .array(z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 09:00'))
          .min(1)
          .max(24)
          .meta({ description: 'Times of day.' }),
        time_zone: z.string().default('UTC').meta({ description: 'An IANA name such as Europe/Berlin.' }),
      }),
      z.strictObject({
        every: Duration.refine((seconds) => seconds >= 60, 'must be a minute at least'),
        more_than: z.int().positive().default(5).meta({
          description: 'So many in that time are notified one by one, and the rest together at its end.',
        }),
      }),
    ])
    .optional()
    .meta({
      description:
        'Approvals and reminders are notified together, in one message: at these times, or when many come. Not critical calls, alarms, escalations, questions, answers, and what has less than an hour left then.',
    }),
};

export const WebhookChannel = z.strictObject({
  ...shared,
  webhook: z.strictObject({
    url: httpUrl.meta({ description: 'Where to POST. https, unless allow_private.' }),
    secret: secret('Signs what is sent, as of Standard Webhooks.', /^whsec_/, 'must begin with whsec_'),
    events: z
      .array(NoticeType)
      .optional()
      .meta({ description: 'The types that are sent. Set: takes the place of on.' }),
    allow_private: z.boolean().default(false).meta({
      description: 'Whether the URL may be of http and lead to addresses that are not public, such as 10.0.0.1.',
    }),
  }),
});

export const SlackChannel = z.strictObject({
  ...forPeople,
  slack: z.strictObject({
    bot_token: secret('With the scope chat:write.', /^\S+$/, 'must not contain spaces'),
    channel: z.string().min(1).meta({ description: 'The id of the channel to post to.' }),
    signing_secret: secret('Shows that a pressed button comes from Slack.', /^\S+$/, 'must not contain spaces'),
    users: z
      .record(z.string().regex(/^[A-Z0-9]+$/, 'must be the id of a Slack user, such as U024BE7LH'), Subject)
      .prefault({})
      .meta({ description: 'Who may decide from Slack: ids of users, and who each of them is here.' }),
    email_domains: z
      .array(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a domain in small letters, such as example.com'))
      .min(1)
      .optional()
      .meta({
        description:
          'Other full members of the workspace are whom their confirmed address names, where it is of one of these domains. Needs the scopes users:read and users:read.email.',
      }),
    api_url: httpUrl
      .default('https://slack.com/api')
      .meta({ description: "Slack's Web API; another for GovSlack, or what speaks like it." }),
    base_url,
  }),
});

export const EmailChannel = z.strictObject({
  ...forPeople,
  email: z.strictObject({
    smtp_url: secret('The mail server, smtp: or smtps:.', /^smtps?:\/\//, 'must begin with smtp:// or smtps://'),
    from: z.string().regex(oneLine, 'must be one line'),
    to: z.array(z.email()).min(1),
    base_url,
  }),
});

export const TeamsChannel = z.strictObject({
  ...forPeople,
  teams: z.strictObject({
    url: secret(
      'Of a workflow of Microsoft Teams that waits for a request and posts its card.',
      /^https?:\/\/\S+$/,
      'must be a URL',
    ),
    base_url,
  }),
});

export const PagerDutyChannel = z.strictObject({
  ...shared,
  on: kinds('escalation'),
  pagerduty: z.strictObject({
    routing_key: secret('The integration key of a service, of Events API v2.', /^\S+$/, 'must not contain spaces'),
    api_url: httpUrl
      .default('https://events.pagerduty.com/v2/enqueue')
      .meta({ description: 'The Events API; another for the service region EU, or what speaks like it.' }),
    base_url,
  }),
});

export const WebPushChannel = z.strictObject({
  ...forPeople,
  web_push: z.strictObject({
    contact: z
      .string()
      .regex(/^(mailto:\S+@\S+|https:\/\/\S+)$/, 'must begin with mailto: or https://')
      .meta({ description: 'Whom the push services of browsers write to when something is wrong.' }),
    private_key: secret(
      'Of VAPID: 32 bytes as base64url. Unset: made once, and kept in the store.',
      /^[A-Za-z0-9_-]{43}$/,
      'must be 43 characters of base64url',
    ).optional(),
    allow_private: z.boolean().default(false).meta({
      description: 'Whether push services may be at addresses that are not public, such as 10.0.0.1.',
    }),
  }),
});

/** Somewhere to tell people, or programs, of approvals; `'slack' in channel` tells the kinds apart. */
export const Channel = z.union([
  WebhookChannel,
  SlackChannel,
  EmailChannel,
  TeamsChannel,
  PagerDutyChannel,
  WebPushChannel,
]);
export type Channel = z.infer<typeof Channel>;
export type WebhookChannel = z.infer<typeof WebhookChannel>;
export type SlackChannel = z.infer<typeof SlackChannel>;
export type EmailChannel = z.infer<typeof EmailChannel>;
export type TeamsChannel = z.infer<typeof TeamsChannel>;
export type PagerDutyChannel = z.infer<typeof PagerDutyChannel>;
export type WebPushChannel = z.infer<typeof WebPushChannel>;

export const noticeType = (kind: NoticeKind): NoticeType => `approval.${kind}`;

/**
 * Whether this is notified there. An alarm is everywhere that the agent is; the buttons of a message in Slack are removed and an
 * incident of PagerDuty is resolved in any case.
 *
 * @param agent whose call it is about; undefined: of any.
 */
export function wants(channel: Channel, kind: NoticeKind, agent?: string | null): boolean {
  if (agent !== undefined && channel.agents && !channel.agents.includes(agent ?? '')) return false;
  if (kind === 'break_glass') return true;
  if ('webhook' in channel && channel.webhook.events) return channel.webhook.events.includes(noticeType(kind));
  return channel.on.includes(kind) || (kind === 'resolved' && ('slack' in channel || 'pagerduty' in channel));
}
