import type { DigestWording } from '../digest/wording.js';
import type { Wording } from '../wording.js';
import { clipped } from '../clipped.js';

/** Bytes of a message; Teams refuses one of 28 kB. */
const maxMessage = 26_000;
const maxText = 12_000;

/**
 * An Adaptive Card, of plain runs of text: a TextBlock would read what a model writes as Markdown, with links of its own.
 * What is long is cut, and says so. It has no button that decides, since nobody knows who presses it.
 */
export function teamsMessage(wording: Wording): object {
  for (let most = maxText; most > 100; most = Math.floor(most / 2)) {
    const message = cardOf(wording, most);
    if (Buffer.byteLength(JSON.stringify(message)) <= maxMessage) return message;
  }
  return cardOf(wording, 100);
}

/** @param most characters of each long text */
function cardOf(wording: Wording, most: number): object {
  const { headline, argsTitle, args, caution, deadline, outcome, link } = wording;
  const short = (value: string | null) => (value === null ? null : clipped(value, most));
  const [request, reason, questions] = [short(wording.request)!, short(wording.reason), short(wording.questions)];
  const body = [
    text(headline, { weight: 'bolder', size: 'large' }),
    text(request),
    text(`${argsTitle}:`, bold),
    text(clipped(args, most), { fontType: 'monospace' }),
    ...(reason === null ? [] : [text('The reason that the model gives, unchecked:', bold), text(reason)]),
    ...(questions === null ? [] : [text('Questions:', bold), text(questions)]),
    ...[caution, deadline, short(outcome)].flatMap((line) => (line === null ? [] : [text(line)])),
  ];
  return messageOf(body, link, 'Open in the inbox');
}

function messageOf(body: object[], link: string | null, title: string): object {
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    body,
    actions: link === null ? [] : [{ type: 'Action.OpenUrl', title, url: link }],
  };
  return { type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }] };
}

/** The same of several; as many of them as there is room for. */
export function teamsDigest({ headline, lines, rest, link }: DigestWording): object {
  const body = [
    text(headline, { weight: 'bolder', size: 'large' }),
    ...lines.map((line) => text(line.text)),
    ...(rest === null ? [] : [text(rest)]),
  ];
  return messageOf(body, link, 'Open the inbox');
}

const bold = { weight: 'bolder' };

const text = (value: string, look: object = {}) => ({
  type: 'RichTextBlock',
  inlines: [{ type: 'TextRun', text: value, ...look }],
});
