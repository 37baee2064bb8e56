/**
 * What a simple pattern asks of a text, in plain words, such as `begins with "payments-"`; undefined for a pattern that is
 * not simple, since words that are nearly right are worse than none. It is a pattern that can be compiled.
 */
export function patternInWords(source: string): string | undefined {
  const alternatives = new Reader(source).alternatives();
  const phrases = alternatives?.map(phraseOf);
  return phrases?.every((phrase) => phrase !== undefined) ? phrases.join(', or ') : undefined;
}

/** A literal text, or a kind of character, and how often. */
interface Part {
  literal?: string;
  says: string;
}
interface Alternative {
  fromStart: boolean;
  toEnd: boolean;
  parts: Part[];
}

const verbs = { whole: 'is', start: 'begins with', end: 'ends with', anywhere: 'contains' } as const;

function phraseOf({ fromStart, toEnd, parts }: Alternative): string | undefined {
  if (parts.length === 0) return fromStart && toEnd ? 'is empty' : undefined;
  const verb = fromStart ? (toEnd ? verbs.whole : verbs.start) : toEnd ? verbs.end : verbs.anywhere;
  const said: string[] = [];
  let text = '';
  for (const { literal, says } of [...parts, { says: '' }] as Part[]) {
    if (literal !== undefined) {
      text += literal;
      continue;
    }
    if (text !== '') said.push(JSON.stringify(text));
    text = '';
    if (says !== '') said.push(says);
  }
  return `${verb} ${said.join(', then ')}`;
}

const kinds: Readonly<Record<string, string>> = {
  '\\d': 'digit',
  '\\w': 'letter, digit or _ of ASCII',
  '\\s': 'white space',
  '.': 'character of one line',
};
const escaped = /^\\([^A-Za-z0-9])/;
const literal = /^[^\\^$.*+?()[\]{}|]/u;
const simpleClass = /^\[(\^?)((?:[A-Za-z0-9 _.,:;/@#%&=~!-]|\\[^A-Za-z0-9])+)\]/;
const choice = /^\((?:\?:)?((?:[A-Za-z0-9 _,:;/@#%&=~!-]|\\[^A-Za-z0-9]|\|)+)\)/;
/** A range between other things than letters and digits, or one that goes on. */
const oddRange = /[^A-Za-z0-9]-|-[^A-Za-z0-9]|[A-Za-z0-9]-[A-Za-z0-9]-/;
const quantifier = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})/;

class Reader {
  #rest: string;

  constructor(source: string) {
    this.#rest = source;
  }

  alternatives(): Alternative[] | undefined {
    const all: Alternative[] = [];
    do {
      const next = this.#alternative();
      if (!next) return undefined;
      all.push(next);
    } while (this.#take(/^\|/));
    return this.#rest === '' ? all : undefined;
  }

  #alternative(): Alternative | undefined {
    const fromStart = this.#take(/^\^/) !== undefined;
    const parts: Part[] = [];
    while (this.#rest !== '' && !/^(\||\$(\||$))/.test(this.#rest)) {
      const part = this.#part();
      if (!part) return undefined;
      parts.push(part);
    }
    return { fromStart, toEnd: this.#take(/^\$/) !== undefined, parts };
  }

  #part(): Part | undefined {
    const character = this.#take(escaped)?.[1] ?? this.#take(literal)?.[0];
    const named = character === undefined ? this.#kind() : `${JSON.stringify(character)}`;
    if (named === undefined) return undefined;
    const often = this.#take(quantifier);
    // What is repeated as little as possible, or repeated once more, is read by specialists.
    if (often && /^[?+*{]/.test(this.#rest)) return undefined;
    if (!often) return character === undefined ? { says: `one ${named}` } : { literal: character, says: named };
    return { says: timesOf(often, named) };
  }

  #kind(): string | undefined {
    const kind = this.#take(/^(?:\\[dws]|\.)/)?.[0];
    if (kind !== undefined) return kinds[kind];
    const chosen = this.#take(choice)?.[1];
    if (chosen !== undefined) return `of ${chosen.split('|').map(unescaped).map(quoted).join(' or ')}`;
    const [, not, members] = this.#take(simpleClass) ?? [];
    if (members === undefined || oddRange.test(members.replaceAll(/^-|-$/g, ''))) return undefined;
    const each = members.match(/\\?.(?:-\\?[A-Za-z0-9])?/g)!.map(unescaped);
    return `character ${not === '^' ? 'other than' : 'of'} ${each.join(' ')}`;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.#rest) ?? undefined;
    if (found) this.#rest = this.#rest.slice(found[0].length);
    return found;
  }
}

const unescaped = (text: string): string => text.replaceAll(/\\(.)/g, '$1');
const quoted = (text: string): string => JSON.stringify(text);

function timesOf([all, least, comma, most]: RegExpExecArray, named: string): string {
  if (all === '?') return `at most one ${named}`;
  if (all === '+') return `one or more times one ${named}`;
  if (all === '*') return `any number of times one ${named}`;
  if (comma === undefined) return `${least} times one ${named}`;
  return most === '' ? `at least ${least} times one ${named}` : `${least} to ${most} times one ${named}`;
}
