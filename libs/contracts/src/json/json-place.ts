const endOfToken = /[\s{}[\]:,"]|$/g;
const word = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;

/**
 * Where a text stops being JSON, for people: line and column from 1. The parser's own words quote the text around it, which
 * may be a secret.
 *
 * @param text that `JSON.parse` refuses
 */
export function positionOfError(text: string): string {
  const offset = offsetOfError(text);
  if (offset >= text.length) return 'it ends too early';
  const before = text.slice(0, offset).split('\n');
  return `the character at line ${before.length}, column ${before.at(-1)!.length + 1} cannot stand there`;
}

/** What may stand next. */
type Expected = 'value' | 'value or end' | 'name' | 'name or end' | 'colon' | 'comma or end' | 'nothing';

function offsetOfError(text: string): number {
  const levels: ('}' | ']')[] = [];
  let expected: Expected = 'value';
  const afterValue = (): Expected => (levels.length === 0 ? 'nothing' : 'comma or end');
  for (let at = 0; at < text.length;) {
    const character = text[at]!;
    if (' \t\r\n'.includes(character)) at += 1;
    else if (character === '{' || character === '[') {
      if (!expected.startsWith('value')) return at;
      levels.push(character === '{' ? '}' : ']');
      expected = character === '{' ? 'name or end' : 'value or end';
      at += 1;
    } else if (character === '}' || character === ']') {
      if (!expected.endsWith('or end') || levels.pop() !== character) return at;
      expected = afterValue();
      at += 1;
    } else if (character === ',') {
      if (expected !== 'comma or end') return at;
      expected = levels.at(-1) === '}' ? 'name' : 'value';
      at += 1;
    } else if (character === ':') {
      if (expected !== 'colon') return at;
      expected = 'value';
      at += 1;
    } else if (character === '"') {
      const isName = expected.startsWith('name');
      if (!isName && !expected.startsWith('value')) return at;
      const { end, isWrong } = stringFrom(text, at);
      if (isWrong) return end;
      at = end;
      expected = isName ? 'colon' : afterValue();
    } else {
      endOfToken.lastIndex = at;
      const end = endOfToken.exec(text)!.index;
      if (!expected.startsWith('value') || !word.test(text.slice(at, end))) return at;
      expected = afterValue();
      at = end;
    }
  }
  return text.length;
}

/** Where the string that begins here is over, or what is wrong with it begins. */
function stringFrom(text: string, start: number): { end: number; isWrong: boolean } {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"') return { end: at + 1, isWrong: false };
    if (character < ' ') return { end: at, isWrong: true };
    if (character !== '\\') continue;
    const isEscape = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at + 1, at + 6));
    if (!isEscape) return { end: at, isWrong: true };
    at += isEscape[0].length;
  }
  return { end: text.length, isWrong: true };
}
