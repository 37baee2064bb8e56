import type { EpochMillis, Millis } from '@countersign/contracts/time';
import type { Channel } from '@countersign/definitions';
import type { Resolve } from '@countersign/outbound';
import { EmailSender } from './email/sender.js';
import { PagerDutySender } from './pagerduty/sender.js';
import type { Sender } from './sender.js';
import { SlackSender } from './slack/sender.js';
import { TeamsSender } from './teams/sender.js';
import { WebPushSender, type WebPushSenderOptions } from './web-push/sender.js';
import { WebhookSender } from './webhook/sender.js';

export interface SendersOptions {
  now(): EpochMillis;
  /** How host names of webhooks are looked up; default: by the system. */
  resolve?: Resolve;
  /** How long one request may take. */
  timeoutMs?: Millis;
  push: Pick<WebPushSenderOptions, 'subscriptions' | 'keys'>;
}

/** What tells each of these channels, by its name. Their secrets are in place; see `withSecrets`. */
export const sendersOf = (channels: readonly Channel[], options: SendersOptions): Map<string, Sender> =>
  new Map(channels.map((channel) => [channel.name, senderOf(channel, options)]));

function senderOf(channel: Channel, { push, ...options }: SendersOptions): Sender {
  if ('webhook' in channel) return new WebhookSender({ webhook: channel.webhook, ...options });
  if ('slack' in channel) return new SlackSender({ channel, ...options });
  if ('teams' in channel) return new TeamsSender({ teams: channel.teams, ...options });
  if ('pagerduty' in channel) return new PagerDutySender({ pagerduty: channel.pagerduty, ...options });
  if ('web_push' in channel) return new WebPushSender({ web_push: channel.web_push, ...push, ...options });
  return new EmailSender({ email: channel.email, ...options });
}
