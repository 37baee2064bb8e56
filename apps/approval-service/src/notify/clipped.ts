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
