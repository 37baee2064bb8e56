import type { DigestWording } from '../digest/wording.js';
import type { Wording } from '../wording.js';
import { clipped } from '../clipped.js';

const maxSubject = 200;
const maxArgs = 20_000;
const maxReason = 2_000;

/** Subject, text and HTML of a message. It can only be read: deciding takes the inbox, where one is known. */
export function emailMessage(wording: Wording): { subject: string; text: string; html: string } {
  const { headline, request, argsTitle, questions, caution, deadline, outcome, link } = wording;
  const args = clipped(wording.args, maxArgs);
  const reason = wording.reason === null ? null : clipped(wording.reason, maxReason);
  const text = [
    request,
    `${argsTitle}:\n${args}`,
    reason && `The reason that the model gives, unchecked:\n${reason.replaceAll(/^/gm, '> ')}`,
    questions && `Questions:\n${questions.replaceAll(/^/gm, '> ')}`,
    caution,
    deadline,
    outcome,
    link && `Open in the inbox: ${link}`,
  ];
  const html = [
    element('h2', headline),
    element('p', request),
    element('p', `${argsTitle}:`) + element('pre', args),
    reason && element('p', 'The reason that the model gives, unchecked:') + element('pre', reason),
    questions && element('p', 'Questions:') + element('pre', questions),
    caution && element('p', caution),
    deadline && element('p', deadline),
    outcome && element('p', outcome),
    link && `<p><a href="${escaped(link)}">Open in the inbox</a></p>`,
  ];
  return {
    subject: clipped(`${headline}: ${request}`, maxSubject),
    text: `${present(text).join('\n\n')}\n`,
    html: present(html).join('\n'),
  };
}

/** The same of several. */
export function emailDigest({ headline, lines, rest, link }: DigestWording): ReturnType<typeof emailMessage> {
  const end = rest && `${rest}.`;
  const text = [
    ...lines.map((line) => `- ${line.text}${line.link ? `\n  ${line.link}` : ''}`),
    end,
    link && `Open the inbox: ${link}`,
  ];
  const items = lines.map((line) =>
    line.link ? `<li><a href="${escaped(line.link)}">${escaped(line.text)}</a></li>` : element('li', line.text),
  );
  const html = [
    element('h2', headline),
    `<ul>${items.join('\n')}</ul>`,
    end && element('p', end),
    link && `<p><a href="${escaped(link)}">Open the inbox</a></p>`,
  ];
  return { subject: headline, text: `${present(text).join('\n\n')}\n`, html: present(html).join('\n') };
}

const present = (parts: readonly (string | null)[]): string[] => parts.filter((part) => part !== null);

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
const element = (name: string, text: string): string => `<${name}>${escaped(text)}</${name}>`;
