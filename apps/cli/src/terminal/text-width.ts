import getWidth from 'fast-string-truncated-width';

/** Columns of a terminal that a text takes. */
export const widthOf = (text: string): number => getWidth(text).width;

/** The text, or its beginning when it is wider than so many columns. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let { index } = getWidth(text, { limit: width, ellipsis: '…' });
  // After a character that is not of ASCII the library allows one column too many.
  while (index > 0 && widthOf(text.slice(0, index)) >= width) index -= /[\udc00-\udfff]/.test(text[index - 1]!) ? 2 : 1;
  return `${text.slice(0, index)}…`;
}

/** A line as lines that are no wider, broken between words, unless a single word is. */
export function wrapped(line: string, width: number): string[] {
  if (widthOf(line) <= width) return [line];
  const lines = [''];
  for (const word of line.split(' ')) {
    const longer = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`;
    if (lines.at(-1) !== '' && widthOf(longer) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
