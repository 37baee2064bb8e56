import { Id, type Verdict } from '@countersign/contracts';
import { z } from 'zod';
import type { SlackChannel } from '@countersign/definitions';
import { actions } from './slack-message.js';

/** A button that somebody pressed. */
export interface Interaction {
  approval_id: string;
  verdict: Verdict;
  slack_user: string;
  response_url: string;
}

const Payload = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string().min(1) }),
  response_url: z.url({ protocol: /^https?$/ }),
  actions: z.tuple([z.object({ action_id: z.enum(actions), value: Id })]).rest(z.unknown()),
});

const verdicts = { approve: 'approved', reject: 'rejected' } as const;

/** What the body of an interaction says, or `undefined` when it is not one of our buttons. Verify it before. */
export function interactionOf(rawBody: string | Buffer): Interaction | undefined {
  const { success, data } = Payload.safeParse(payloadOf(rawBody));
  if (!success) return undefined;
  const { action_id, value } = data.actions[0];
  const { response_url, user } = data;
  return { approval_id: value, verdict: verdicts[action_id], slack_user: user.id, response_url };
}

function payloadOf(rawBody: string | Buffer): unknown {
  try {
    return JSON.parse(new URLSearchParams(rawBody.toString()).get('payload') ?? '');
  } catch {
    return undefined;
  }
}

/** Who a user of Slack is here, or what to tell somebody who is nobody here. */
export function subjectOf(
  { slack }: SlackChannel,
  { slack_user }: Pick<Interaction, 'slack_user'>,
): { subject: string } | { refusal: string } {
  if (Object.hasOwn(slack.users, slack_user)) return { subject: slack.users[slack_user]! };
  return {
    refusal: `Nothing was decided: your Slack user (${slack_user}) is not known here as somebody who may decide.`,
  };
}

/** Answers whoever pressed the button, and nobody else; the message stays as it is. */
export async function answerInteraction(
  { response_url }: Pick<Interaction, 'response_url'>,
  text: string,
  timeoutMs = 10_000,
): Promise<void> {
  const response = await fetch(response_url, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(ephemeral(text)),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`Slack answered with status ${response.status}`);
}

const ephemeral = (text: string) => ({
  response_type: 'ephemeral',
  replace_original: false,
  text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
});
