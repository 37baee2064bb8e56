import { markedLine } from '../text/visible-text.js';
import { argumentOf, type PresentableCall } from './presentable-call.js';
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
export function actionOf(call: PresentableCall): TitlePart[] {
  const environment = environmentOf(call);
  const title = titleOf(call);
  if (environment === null || (presentedIn(call) && environment.name !== null)) return title;
  const words = (text: string): TitlePart => ({ text, isValue: false });
  return environment.name === null
    ? [...title, words(' (with no environment named)')]
    : [...title, words(' (on '), { text: shown(environment.name), isValue: true }, words(')')];
}

/** The same as text. */
export const actionLine = (call: PresentableCall): string => lineOf(actionOf(call));

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

const plainNames = ({ tool_args, presentation }: PresentableCall): string[] =>
  inOrder(Object.keys(tool_args), presentation?.first ?? [])
    .filter((name) => isOneLine(tool_args[name]))
    .slice(0, mostValues);

function plainTitle(call: PresentableCall): TitlePart[] {
  const { tool_name, tool_args } = call;
  return [
    { text: tool_name, isValue: false },
    ...plainNames(call).flatMap((name) => [
      { text: ` ${shown(name)}=`, isValue: false },
      { text: valueIn(tool_args, name), isValue: true },
    ]),
  ];
}

const isOneLine = (value: unknown): boolean =>
  typeof value === 'string' ? !value.includes('\n') : typeof value !== 'object';

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
