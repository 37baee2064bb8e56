type Kind = [one: string, many: string];

const known: Record<string, Kind[]> = {
  'a-z': [['small letter', 'small letters']],
  'A-Z': [['capital letter', 'capital letters']],
  '0-9': [['digit', 'digits']],
  '\\d': [['digit', 'digits']],
  '\\w': [
    ['letter', 'letters'],
    ['digit', 'digits'],
    ['“_”', '“_”'],
  ],
};

const choice = /^\^\((?:\?:)?([\w./ -]+(?:\|[\w./ -]+)+)\)\$$/;
/** A class, a digit, a word character, an escaped sign, or a character that means itself; and how many. */
const piece = /(\[(?!\^)(?:\\.|[^\]\\])+\]|\\[dw]|\\[^\w\s]|[^\\^$.|?*+()[\]{}])(\+|\*|\?|\{\d+(?:,\d*)?\})?/y;
const member = /a-z|A-Z|0-9|\\[dw]|\\[^\w\s]|[^\\-]|-$|^-/y;

/** What a pattern asks for, in words, and the pattern itself; of one that is not simple, the pattern alone. */
export function patternInWords(pattern: string): string {
  const words = wordsOf(pattern);
  return words === null ? `fits the pattern ${pattern}` : `${words} (pattern ${pattern})`;
}

function wordsOf(pattern: string): string | null {
  const chosen = choice.exec(pattern)?.[1];
  if (chosen !== undefined) return either(chosen.split('|').map((each) => `“${each}”`));
  const body = /^\^(.+)\$$/s.exec(pattern)?.[1];
  if (body === undefined) return null;
  const parts: string[] = [];
  let literal = '';
  const endLiteral = () => {
    if (literal !== '') parts.push(`“${literal}”`);
    literal = '';
  };
  for (piece.lastIndex = 0; piece.lastIndex < body.length;) {
    const [, what, times] = piece.exec(body) ?? [];
    if (what === undefined) return null;
    const kinds = kindsOf(what);
    if (kinds === null) return null;
    const isItself = times === undefined && !what.startsWith('[') && !(what in known);
    if (isItself) literal += what.replace(/^\\/, '');
    else {
      endLiteral();
      parts.push(counted(kinds, times));
    }
  }
  endLiteral();
  return parts.join(', then ');
}

function kindsOf(what: string): Kind[] | null {
  if (!what.startsWith('[')) return known[what] ?? [itself(what)];
  const inside = what.slice(1, -1);
  const kinds: Kind[] = [];
  for (member.lastIndex = 0; member.lastIndex < inside.length;) {
    const found = member.exec(inside)?.[0];
    if (found === undefined) return null;
    kinds.push(...(known[found] ?? [itself(found)]));
  }
  return kinds;
}

const itself = (sign: string): Kind => {
  const text = sign === ' ' ? 'a space' : `“${sign.replace(/^\\/, '')}”`;
  return [text, sign === ' ' ? 'spaces' : text];
};

function counted(kinds: readonly Kind[], times: string | undefined): string {
  const many = either(kinds.map(([, many]) => many));
  const one = either(kinds.map(([one]) => one));
  if (times === undefined || times === '{1}') return `one ${one}`;
  if (times === '+') return `one or more ${many}`;
  if (times === '*') return `any number of ${many}`;
  if (times === '?') return `at most one ${one}`;
  const [least, most] = times.slice(1, -1).split(',');
  return `${least}${most === undefined ? '' : most === '' ? ' or more' : ` to ${most}`} ${many}`;
}

const either = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
