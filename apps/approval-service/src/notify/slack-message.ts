import type { Approval } from '@countersign/contracts';
import { clipped } from './clipped.js';
import type { Wording } from './wording.js';

/** The `action_id`s of the buttons; the value of each is the approval's id. */
export const actions = { approve: 'approve', reject: 'reject' } as const;

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
const section = (text: string, max = maxText) => ({ type: 'section' as const, text: plain(text, max) });

/** What `chat.postMessage` and `chat.update` show. Buttons are there while somebody is asked. */
export function slackMessage(
  approval: Approval,
  { headline, request, args, argsTitle, reason, deadline, outcome, link }: Wording,
) {
  const buttons = approval.status === 'pending' ? buttonsFor(approval) : [];
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
      section(`${argsTitle}\n${args}`),
      ...(reason === null ? [] : [section(`The reason that the model gives, unchecked:\n${reason}`, maxShort)]),
      ...(deadline === null ? [] : [section(deadline)]),
      ...(outcome === null ? [] : [section(outcome, maxShort)]),
      ...(buttons.length > 0 ? [{ type: 'actions', elements: buttons }] : []),
      ...(link === null ? [] : [linkBlock(link)]),
    ],
  };
}

/** For what can be decided by pressing a button: not what wants a reason, nor what a person has to fill in. */
function buttonsFor({ id, allowed_decisions, pause_type, terms }: Approval) {
  const button = (decision: 'approve' | 'reject', label: string, style: 'primary' | 'danger') => ({
    type: 'button',
    action_id: actions[decision],
    value: id,
    style,
    text: plain(label, 75),
  });
  const canDo = (decision: 'approve' | 'reject') =>
    allowed_decisions.includes(decision) && !terms.reason_required.includes(decision);
  return [
    ...(canDo('approve') && pause_type !== 'user_input' ? [button('approve', 'Approve', 'primary')] : []),
    ...(canDo('reject') ? [button('reject', 'Reject', 'danger')] : []),
  ];
}

/** Of the file's address and an encoded id, so nothing in it ends the link. */
const linkBlock = (link: string) => ({
  type: 'context',
  elements: [{ type: 'mrkdwn', text: `<${link}|Open in the inbox>`, verbatim: true }],
});
