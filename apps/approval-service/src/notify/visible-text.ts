/** Characters that show nothing themselves, or change how others are shown: control, direction, zero width, tags. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const codeOf = (character: string): string =>
  `[U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`;

/** The text with every character that nobody would see written out, so that it reads as what it is. Lines stay lines. */
export const visible = (text: string): string =>
  text.replaceAll('\r\n', '\n').replaceAll(hidden, (character) => (character === '\n' ? character : codeOf(character)));

/** The same in one line. */
export const visibleLine = (text: string): string => visible(text).replaceAll('\n', codeOf('\n'));

/** Room for saying how much is missing. */
const forTheRest = 40;

/**
 * At most `max` characters of a text, and how many are missing.
 *
 * @param written how a character is written; none is cut in the middle of that.
 */
export function clipped(text: string, max: number, written = (character: string): string => character): string {
  const characters = Array.from(text, written);
  const whole = characters.join('');
  if (whole.length <= max) return whole;
  let length = 0;
  const first = characters.findIndex((character) => (length += character.length) > max - forTheRest);
  return `${characters.slice(0, first).join('')}… and ${characters.length - first} more characters`;
}
