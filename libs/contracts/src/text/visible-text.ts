import { lookalikesIn } from './lookalike-text.js';

/** Characters that show nothing themselves, or change how others are shown: control, direction, zero width, tags, blank symbols. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]/gu;

/** How a character is written out, such as `U+202E`. */
export const codePointOf = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;

const writtenOut = (character: string): string => `[${codePointOf(character)}]`;

/** The text with every invisible character escaped. Lines stay lines. */
export const visibleText = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replaceAll(hidden, (character) => (character === '\n' ? character : writtenOut(character)));

/** The same in one line. */
export const visibleLine = (text: string): string => inOneLine(visibleText(text));

/** So many spaces before something else push it out of sight. */
const gap = /\p{Zs}{40,}(?=\S)/gu;

/** Where in a text so many spaces stand that what follows them is overlooked, and how many code units they are. */
export const gapsIn = (text: string): ReadonlyMap<number, number> =>
  new Map([...text.matchAll(gap)].map(({ 0: spaces, index }) => [index, spaces.length]));

/** How a gap is written out. */
export const gapText = (length: number): string => `[${length} spaces]`;

/**
 * For what is decided on, such as arguments: also with the code of every character behind it that is likely to be
 * taken for another ({@link lookalikesIn}), such as `pа[U+0430]yments` with a Cyrillic letter, and with gaps counted.
 */
export function marked(text: string): string {
  const found = lookalikesIn(text);
  if (found.size === 0) return visibleText(withoutGaps(text));
  let at = 0;
  const characters = Array.from(text, (character) => {
    const isFound = found.has(at);
    at += character.length;
    return isFound ? `${character}${writtenOut(character)}` : character;
  });
  return visibleText(withoutGaps(characters.join('')));
}

const withoutGaps = (text: string): string => text.replaceAll(gap, ({ length }) => gapText(length));

/** The same in one line. */
export const markedLine = (text: string): string => inOneLine(marked(text));

const inOneLine = (text: string): string => text.replaceAll('\n', writtenOut('\n'));

/** Whether the character alone is invisible. */
export const isHidden = (character: string): boolean => character.search(hidden) === 0;
