import { Id } from '@countersign/contracts';
import type { Approval, DecisionVerdict } from '@countersign/contracts/approvals';
import { parseStrictJson } from '@countersign/contracts/json';
import { z } from 'zod';
import type { SlackChannel } from '@countersign/definitions';
import { actions, isShownWhole, offered, saidOf, type Action } from './message.js';
import { wordingOf } from '../wording.js';

/** A button press. */
export interface Interaction {
  approval_id: string;
  /** Of the call that the message showed. */
  digest: string;
  /** How much of questions and answers it showed. */
  said: number;
  action: Action;
  verdict: DecisionVerdict;
  slack_user: string;
  response_url: string;
}

const Payload = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string().min(1) }),
  response_url: z.url({ protocol: /^https?$/ }),
  actions: z.tuple([z.object({ action_id: z.enum(actions), value: z.string() })]).rest(z.unknown()),
});

const ButtonValue = z.object({ approval_id: Id, digest: z.string(), said: z.int().default(0) });

const verdicts = { approve: 'approved', reject: 'rejected' } as const;

/** What the body of an interaction says, or `undefined` when it is not one of our buttons. Verify it before. */
export function interactionOf(rawBody: string | Buffer): Interaction | undefined {
  const { success, data } = Payload.safeParse(read(new URLSearchParams(rawBody.toString()).get('payload')));
  if (!success) return undefined;
  const { action_id, value } = data.actions[0];
  const { data: about } = ButtonValue.safeParse(read(value));
  if (!about) return undefined;
  const { response_url, user } = data;
  return { ...about, action: action_id, verdict: verdicts[action_id], slack_user: user.id, response_url };
}

/** Slack writes numbers of its own that are not read here. */
function read(text: string | null): unknown {
  const read = parseStrictJson(text ?? '', { numbers: 'keep', texts: 'any' });
  return read.ok ? read.value : undefined;
}

/**
 * Why a button must not decide, whatever the message looked like when it was pressed: its call is not the one that is
 * current, or no message can show that one whole. What is decided already is not looked at.
 */
export function notShown(
  approval: Approval,
  { action, digest, said }: Pick<Interaction, 'action' | 'digest' | 'said'>,
  { slack: { base_url } }: SlackChannel,
): string | undefined {
  if (approval.status !== 'pending') return undefined;
  const wording = wordingOf(approval, 'pending', base_url);
  const instead = `Open it in the inbox${wording.link === null ? '' : `: ${wording.link}`}`;
  if (!isShownWhole(approval, wording))
    return `Nothing was decided: a message here cannot show all of this call. ${instead}`;
  if (digest !== approval.digest) return `Nothing was decided: the call has changed since this message. ${instead}`;
  if (action === 'approve' && said !== saidOf(approval))
    return `Nothing was decided: somebody asked or answered a question since this message. ${instead}`;
  return offered(approval, wording).includes(action)
    ? undefined
    : `Nothing was decided: a button is not enough for this call. ${instead}`;
}

/** The subject of a Slack user, or the refusal for one that is not mapped. */
export function subjectOf(
  { slack }: SlackChannel,
  { slack_user }: Pick<Interaction, 'slack_user'>,
): { subject: string } | { refusal: string } {
  if (Object.hasOwn(slack.users, slack_user)) return { subject: slack.users[slack_user]! };
  return {
    refusal: `Nothing was decided: your Slack user (${slack_user}) is not mapped to an approver.`,
  };
}

/** Answers only whoever pressed the button; the message stays as it is. */
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
