import { markedLine } from '../text/visible-text.js';
import { argumentOf, type PresentableCall } from './presentation.js';
import { environmentOf } from './risk.js';

/** A part of a title: words of the declaration, or what a call says, which can never be taken for them. */
export interface TitlePart {
  text: string;
  isValue: boolean;
}

const placeholder = /\{\{\s*([^{}\s]+)\s*\}\}/g;

/** The arguments that a title names. */
export const argumentsInTitle = (title: string): string[] => [...title.matchAll(placeholder)].map(([, name]) => name!);

/** Whether it has braces that are no placeholder, and would be shown as they are. */
export const hasOtherBraces = (title: string): boolean => /\{\{|\}\}/.test(title.replaceAll(placeholder, ''));

/** What a call is, in a line that tells it from others: as declared, or its tool and the first of its values. */
export function titleOf(call: PresentableCall): TitlePart[] {
  const { presentation } = call;
  return presentation?.title ? declaredTitle(presentation.title, call) : plainTitle(call);
}

/** The same as text, with every character marked that hides something. */
export const titleLine = (call: PresentableCall): string => lineOf(titleOf(call));

/** The title, and where the call is made when the title does not say so: enough to press a button by. */
export function actionLine(call: PresentableCall): string {
  const environment = environmentOf(call);
  const line = titleLine(call);
  if (environment === null || (presentedIn(call) && environment.name !== null)) return line;
  const where = environment.name === null ? 'with no environment named' : `on ${markedLine(shown(environment.name))}`;
  return `${line} (${where})`;
}

const presentedIn = ({ presentation }: PresentableCall): boolean =>
  argumentsInTitle(presentation?.title ?? '').includes(presentation!.environment!.argument);

const lineOf = (parts: readonly TitlePart[]): string => markedLine(parts.map(({ text }) => text).join(''));

function declaredTitle(title: string, { tool_args }: PresentableCall): TitlePart[] {
  return title
    .split(/(\{\{\s*[^{}\s]+\s*\}\})/)
    .filter((part) => part !== '')
    .map((part) => {
      const [name] = argumentsInTitle(part);
      return name === undefined ? { text: part, isValue: false } : { text: valueIn(tool_args, name), isValue: true };
    });
}

/** Enough values to tell calls of a tool apart. */
const mostValues = 4;

function plainTitle({ tool_name, tool_args, presentation }: PresentableCall): TitlePart[] {
  const names = inOrder(Object.keys(tool_args), presentation?.first ?? []).filter((name) => isShort(tool_args[name]));
  return [
    { text: tool_name, isValue: false },
    ...names.slice(0, mostValues).flatMap((name) => [
      { text: ` ${shown(name)}=`, isValue: false },
      { text: valueIn(tool_args, name), isValue: true },
    ]),
  ];
}

const isShort = (value: unknown): boolean =>
  typeof value === 'string' ? value.length <= longest && !value.includes('\n') : typeof value !== 'object';

/** The names that matter first before all others. */
export const inOrder = (names: readonly string[], first: readonly string[]): string[] => [
  ...first.filter((name) => names.includes(name)),
  ...names.filter((name) => !first.includes(name)),
];

function valueIn(args: Record<string, unknown>, name: string): string {
  const value = argumentOf(args, name);
  if (value === undefined) return '(none)';
  return typeof value === 'string' ? shown(value) : clipped(JSON.stringify(value));
}

/** A word: nothing that could be taken for words of the title, or for where a value ends. */
const word = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._/@:+-]*$/u;
const longest = 60;

/** A text as a word, or in quotes. Of a long one both ends are shown, so that what follows it stays in sight. */
export const shown = (text: string): string => {
  const cut = clipped(text);
  return word.test(cut) ? cut : JSON.stringify(cut);
};

function clipped(text: string): string {
  const characters = [...text];
  if (characters.length <= longest) return text;
  return `${characters.slice(0, 36).join('')}… ${characters.length - 54} more …${characters.slice(-18).join('')}`;
}
