import { ConfigError } from '@countersign/contracts/problems';
import { withEnvironment } from '@countersign/definitions';
import { Channel } from '@countersign/definitions';

/** The channel with every `{{env.NAME}}` replaced. @throws ConfigError naming the channel and what is wrong. */
export function withSecrets(channel: Channel, env: Record<string, string | undefined>): Channel {
  try {
    return checked(resolved(channel, (value) => withEnvironment(value, env)));
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`channel "${channel.name}": ${error.message}`);
    throw error;
  }
}

function resolved(channel: Channel, filled: (value: string) => string): Channel {
  if ('webhook' in channel) {
    const { url, secret } = channel.webhook;
    return { ...channel, webhook: { ...channel.webhook, url: filled(url), secret: filled(secret) } };
  }
  if ('slack' in channel) {
    const { bot_token, signing_secret } = channel.slack;
    const secrets = { bot_token: filled(bot_token), signing_secret: filled(signing_secret) };
    return { ...channel, slack: { ...channel.slack, ...secrets } };
  }
  if ('teams' in channel) return { ...channel, teams: { ...channel.teams, url: filled(channel.teams.url) } };
  if ('pagerduty' in channel) {
    const routing_key = filled(channel.pagerduty.routing_key);
    return { ...channel, pagerduty: { ...channel.pagerduty, routing_key } };
  }
  if ('web_push' in channel) {
    const { private_key } = channel.web_push;
    const secrets = private_key === undefined ? {} : { private_key: filled(private_key) };
    return { ...channel, web_push: { ...channel.web_push, ...secrets } };
  }
  return { ...channel, email: { ...channel.email, smtp_url: filled(channel.email.smtp_url) } };
}

/** A value of the environment must be as good as one in the file. It is not shown: it is a secret. */
function checked(channel: Channel): Channel {
  const { success, error } = Channel.safeParse(channel);
  if (!success)
    throw new ConfigError(error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
  if ('webhook' in channel && keyLength(channel.webhook.secret) < 24)
    throw new ConfigError('webhook.secret must be whsec_ and at least 24 bytes in base64');
  return channel;
}

function keyLength(secret: string): number {
  const key = secret.slice('whsec_'.length);
  return /^[A-Za-z0-9+/]*={0,2}$/.test(key) && key.length % 4 === 0 ? Buffer.from(key, 'base64').length : 0;
}
