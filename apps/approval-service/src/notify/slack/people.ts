import type { Millis } from '@countersign/contracts/time';
import type { SlackChannel } from '@countersign/definitions';
import { z } from 'zod';
import { subjectOf } from './interaction.js';

/** Slack waits for three seconds until a press of a button is answered. */
const patienceMs: Millis = 2_000;

const Home = z.object({ ok: z.literal(true), team_id: z.string().min(1) });
const Member = z.object({
  ok: z.literal(true),
  user: z.object({
    id: z.string(),
    team_id: z.string(),
    deleted: z.literal(false),
    is_bot: z.literal(false),
    is_restricted: z.literal(false),
    is_ultra_restricted: z.literal(false),
    is_stranger: z.literal(false).optional(),
    is_email_confirmed: z.literal(true),
    profile: z.object({ email: z.email().max(200) }),
  }),
});

type Person = { subject: string } | { refusal: string };

/**
 * Who a user of Slack is here: as the channel lists them, or else by the address of theirs that Slack has had confirmed, where
 * the channel takes its domain. Only full members of the app's own workspace are asked for: guests, and people of other
 * companies in a shared channel, have addresses that others vouch for.
 */
export async function personOf(channel: SlackChannel, slack_user: string, timeoutMs = patienceMs): Promise<Person> {
  const { email_domains, users } = channel.slack;
  if (Object.hasOwn(users, slack_user) || !email_domains) return subjectOf(channel, { slack_user });
  const signal = AbortSignal.timeout(timeoutMs);
  const asked = await Promise.all([
    ask(channel, 'auth.test', {}, signal),
    ask(channel, 'users.info', { user: slack_user }, signal),
  ]).catch(() => undefined);
  if (!asked) return { refusal: 'Nothing was decided: Slack did not say who you are in time. Try again.' };
  const [home, member] = [Home.safeParse(asked[0]).data, Member.safeParse(asked[1]).data?.user];
  if (!home || !member || member.id !== slack_user || member.team_id !== home.team_id)
    return { refusal: 'Nothing was decided: you are no full member of this workspace with a confirmed address.' };
  const { email } = member.profile;
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  return email_domains.includes(domain)
    ? { subject: email }
    : { refusal: 'Nothing was decided: your address is of a domain that does not decide here.' };
}

async function ask(
  { slack: { api_url, bot_token } }: SlackChannel,
  method: string,
  query: Record<string, string>,
  signal: AbortSignal,
): Promise<unknown> {
  const response = await fetch(`${api_url}/${method}?${new URLSearchParams(query)}`, {
    headers: { authorization: `Bearer ${bot_token}` },
    redirect: 'error',
    signal,
  });
  if (!response.ok) throw new Error(`Slack answered with status ${response.status}`);
  return response.json();
}
