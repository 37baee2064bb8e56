import { redactApproval, type Approval } from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import { riskOf } from '@countersign/contracts/presentation';
import { canonicalJson } from '@countersign/contracts/json';
import { clipped } from '../clipped.js';
import type { DigestWording } from '../digest/wording.js';
import type { Wording } from '../wording.js';

/** The `action_id`s of the buttons; the value of each is {@link buttonValue}. */
export const actions = { approve: 'approve', reject: 'reject' } as const;
export type Action = keyof typeof actions;

/** Slack takes 3,000 characters in a section. */
const maxText = 2_900;
const maxShort = 1_000;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (character: string): string => entities[character] ?? character;

/**
 * Text that Slack shows as it is: in `plain_text` nothing is formatted, linked or mentioned, and what could be taken for
 * markup is escaped besides.
 */
const plain = (text: string, max: number) => ({
  type: 'plain_text' as const,
  text: clipped(text, max, escaped),
  emoji: false,
});
/** Slack does not fold it. */
const section = (text: string, max = maxText) => ({
  type: 'section' as const,
  expand: true,
  text: plain(text, max),
});

/** What `chat.postMessage` and `chat.update` show. Buttons are there while it is pending and shown whole. */
export function slackMessage(approval: Approval, wording: Wording) {
  const { headline, request, caution, deadline, outcome, link } = wording;
  const { args, reason, questions } = partsOf(wording);
  const isPending = approval.status === 'pending';
  const buttons = offered(approval, wording).map((action) => button(action, approval, wording));
  const isCut = isPending && !isShownWhole(approval, wording);
  return {
    // Shown in notifications. It is not of plain_text, so nothing in it may be taken for a link or a mention.
    text: clipped(`${headline}: ${request}`, maxShort, escaped),
    parse: 'none',
    link_names: false,
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: plain(headline, 150) },
      section(request, maxShort),
      section(args),
      ...(reason === null ? [] : [section(reason)]),
      ...(questions === null ? [] : [section(questions)]),
      ...(caution === null ? [] : [section(caution)]),
      ...(deadline === null ? [] : [section(deadline)]),
      ...(outcome === null ? [] : [section(outcome, maxShort)]),
      ...(isCut ? [section('This is not all of the call. Open it in the inbox to decide.')] : []),
      ...(buttons.length > 0 ? [{ type: 'actions', elements: buttons }] : []),
      ...(link === null ? [] : [linkBlock(link)]),
    ],
  };
}

/** The same of several, without buttons: none of them is shown whole. */
export const slackDigest = ({ headline, lines, rest, link }: DigestWording) => ({
  text: headline,
  parse: 'none',
  link_names: false,
  mrkdwn: false,
  unfurl_links: false,
  unfurl_media: false,
  blocks: [
    { type: 'header', text: plain(headline, 150) },
    ...lines.map(({ text }) => section(text, maxShort)),
    ...(rest === null ? [] : [section(rest)]),
    ...(link === null ? [] : [linkBlock(link, 'Open the inbox')]),
  ],
});

const partsOf = ({ args, argsTitle, reason, questions }: Wording) => ({
  questions: questions === null ? null : `Questions\n${questions}`,
  args: `${argsTitle}\n${args}`,
  reason: reason === null ? null : `The reason that the model gives, unchecked:\n${reason}`,
});

/** Whether a message has all of the call: nothing of it is cut, and nothing is kept from those who read the channel. */
export function isShownWhole(approval: Approval, wording: Wording): boolean {
  const { args, reason, questions } = partsOf(wording);
  const fits = (text: string, max: number) => Array.from(text, escaped).join('').length <= max;
  return (
    approval.preview === null &&
    fits(wording.request, maxShort) &&
    fits(args, maxText) &&
    (reason === null || fits(reason, maxText)) &&
    (questions === null || fits(questions, maxText)) &&
    !isRedacted(approval)
  );
}

function isRedacted(approval: Approval): boolean {
  const args = ({ approved_args, tool_args }: Approval) => canonicalJson(approved_args ?? tool_args);
  return args(redactApproval(approval)) !== args(approval);
}

/**
 * What can be decided by pressing a button: a pending call that the message has whole, and neither what wants a reason
 * nor what a person has to fill in, nor is so critical that its target is typed. While a question is open, not to approve.
 */
export function offered(approval: Approval, wording: Wording): Action[] {
  const { allowed_decisions, pause_type, status, terms } = approval;
  if (status !== 'pending' || !isShownWhole(approval, wording)) return [];
  const canDo = (action: Action) => allowed_decisions.includes(action) && !terms.reason_required.includes(action);
  const isTyped = riskOf({ ...approval, tool_args: approval.approved_args ?? approval.tool_args }) === 'critical';
  return [
    ...(canDo('approve') && pause_type !== 'user_input' && !isTyped && !openQuestion(approval)
      ? ['approve' as const]
      : []),
    ...(canDo('reject') ? ['reject' as const] : []),
  ];
}

const labels = { approve: ['Approve', 'primary'], reject: ['Reject', 'danger'] } as const;

/** Slack takes so many characters on a button. */
const maxLabel = 75;

function button(action: Action, approval: Approval, { title }: Wording) {
  const [verb, style] = labels[action];
  const whole = `${verb}: ${title}`;
  const label = title === null || Array.from(whole, escaped).join('').length > maxLabel ? verb : whole;
  return {
    type: 'button',
    action_id: actions[action],
    value: buttonValue(approval),
    style,
    text: plain(label, maxLabel),
  };
}

/** Names the approval, by its digest the call that the message shows, and how much was asked and answered by then. */
export const buttonValue = (approval: Approval): string =>
  JSON.stringify({ approval_id: approval.id, digest: approval.digest, said: saidOf(approval) });

/** Questions and answers; messages do not change when there is one more. */
export const saidOf = ({ questions }: Approval): number =>
  questions.length + questions.filter(({ answer }) => answer !== null).length;

/** Of the file's address and an encoded id, so nothing in it ends the link. */
const linkBlock = (link: string, title = 'Open in the inbox') => ({
  type: 'context',
  elements: [{ type: 'mrkdwn', text: `<${link}|${title}>`, verbatim: true }],
});
