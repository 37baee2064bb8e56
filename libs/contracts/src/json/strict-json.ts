import { isExactNumber } from './exact-number.js';
import { positionOfError } from './json-place.js';

/** Levels of lists and objects in a JSON text that anybody sends. */
export const maxDepth = 64;

/** Why a text is refused; stable, for programs. */
export type StrictJsonCode =
  | 'not_json'
  | 'not_utf8'
  | 'too_deep'
  | 'inexact_number'
  | 'duplicate_name'
  | 'reserved_name'
  | 'lone_surrogate'
  | 'nul_character';

export interface StrictJsonProblem {
  code: StrictJsonCode;
  /** JSON pointer (RFC 6901) to where it is. */
  path: string;
  /** For people and models: what is wrong and what to do. */
  message: string;
}

export type StrictJson = { ok: true; value: unknown } | { ok: false; problem: StrictJsonProblem };

export interface StrictJsonOptions {
  /** Levels of lists and objects; default 64. */
  depth?: number;
  /** What to make of a number that JavaScript cannot hold exactly: refuse it (the default), or keep its source text, for `JSON.stringify`. */
  numbers?: 'refuse' | 'keep';
  /** Whether texts may have halves of characters and U+0000; refused by default. */
  texts?: 'refuse' | 'any';
}

/**
 * Reads JSON that means one thing only, to whoever reads it: its numbers are held exactly, no name is there twice, and
 * every text can be written again. What is not like that is refused, since another reader would take it for something
 * else than what people were shown.
 */
export function parseStrictJson(
  source: string | Uint8Array,
  { depth = maxDepth, numbers = 'refuse', texts = 'refuse' }: StrictJsonOptions = {},
): StrictJson {
  let value: unknown;
  let text: string;
  try {
    text = typeof source === 'string' ? source : utf8.decode(source);
  } catch {
    return refused('not_utf8', '', 'this is not UTF-8');
  }
  try {
    value = JSON.parse(text);
  } catch {
    return refused('not_json', '', `this is not JSON: ${positionOfError(text)}`);
  }
  if (isAsWritten(text, value, depth)) return { ok: true, value };
  const problem = new Scan(text, { depth, numbers, texts }).problem();
  if (problem) return { ok: false, problem };
  return { ok: true, value: numbers === 'keep' ? withSourceText(text, value) : value };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Whether a text is what `JSON.stringify` makes of its value, as nearly every message is: then no name is there twice
 * and no number lost a digit. A text that leaves another doubt (an escape, the name of the prototype, many brackets) is
 * read through. A tenth of the work.
 */
const isAsWritten = (text: string, value: unknown, depth: number): boolean =>
  !text.includes('\\u') && !text.includes('__proto__') && hasFewLevels(text, depth) && JSON.stringify(value) === text;

/** Whether there are not even so many brackets. */
function hasFewLevels(text: string, depth: number): boolean {
  let opened = 0;
  for (let at = 0; at < text.length && opened <= depth; at++) {
    if ((text.charCodeAt(at) | bracketOrBrace) === openingBrace) opened += 1;
  }
  return opened <= depth;
}

const refused = (code: StrictJsonCode, path: string, message: string): StrictJson => ({
  ok: false,
  problem: { code, path, message },
});

/** A list or an object that has begun. */
interface Level {
  /** Those of an object so far. */
  names: Set<string> | undefined;
  name: string;
  index: number;
  isName: boolean;
}

const [quote, comma, openingBrace, closingBrace] = [0x22, 0x2c, 0x7b, 0x7d] as const;
/** In ASCII a brace is its bracket with this bit. */
const bracketOrBrace = 0x20;

/** One pass over a text that is JSON. */
class Scan {
  readonly #text: string;
  readonly #options: Required<StrictJsonOptions>;
  readonly #levels: Level[] = [];
  /** Whether a text in it may be one that cannot be written again. */
  readonly #isSuspicious: boolean;

  constructor(text: string, options: Required<StrictJsonOptions>) {
    this.#text = text;
    this.#options = options;
    this.#isSuspicious = options.texts === 'refuse' && (text.includes('\\u') || !text.isWellFormed());
  }

  problem(): StrictJsonProblem | undefined {
    const text = this.#text;
    const { numbers } = this.#options;
    const levels = this.#levels;
    let problem: StrictJsonProblem | undefined;
    for (let at = 0; at < text.length && !problem; at++) {
      const code = text.charCodeAt(at);
      const level = levels.at(-1);
      if (code === quote) {
        const end = endOfString(text, at);
        if (level?.isName || this.#isSuspicious) problem = this.#string(text.slice(at, end + 1), level);
        at = end;
      } else if (code === comma) {
        level!.index += 1;
        level!.isName = level!.names !== undefined;
      } else if (isOfNumber(code, true)) {
        const end = endOfNumber(text, at);
        if (numbers === 'refuse') problem = this.#number(text.slice(at, end));
        at = end - 1;
      } else if ((code | bracketOrBrace) === openingBrace) problem = this.#begin(code === openingBrace);
      else if ((code | bracketOrBrace) === closingBrace) levels.pop();
    }
    return problem;
  }

  #begin(isObject: boolean): StrictJsonProblem | undefined {
    const { depth } = this.#options;
    if (this.#levels.length === depth)
      return this.#at('too_deep', `lists and objects are nested more than ${depth} levels deep`);
    this.#levels.push({ names: isObject ? new Set() : undefined, name: '', index: 0, isName: isObject });
    return undefined;
  }

  #string(quoted: string, level: Level | undefined): StrictJsonProblem | undefined {
    const text = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
    const isName = level?.isName === true;
    if (isName) level.name = text;
    if (this.#isSuspicious && !text.isWellFormed())
      return this.#at('lone_surrogate', 'half of a character (a lone surrogate) stands in a text');
    if (this.#isSuspicious && text.includes('\0'))
      return this.#at('nul_character', 'the character U+0000 stands in a text');
    if (!isName) return undefined;
    level.isName = false;
    if (text === '__proto__') return this.#at('reserved_name', 'no field can have the name __proto__');
    if (level.names!.has(text)) return this.#at('duplicate_name', 'the same name is there twice in one object');
    level.names!.add(text);
    return undefined;
  }

  #number(literal: string): StrictJsonProblem | undefined {
    if (isExactNumber(literal)) return undefined;
    const shown = literal.length > 60 ? `${literal.slice(0, 60)}…` : literal;
    return this.#at('inexact_number', `the number ${shown} cannot be kept exactly: give it as a string`);
  }

  #at(code: StrictJsonCode, message: string): StrictJsonProblem {
    const names = this.#levels.map(({ names, name, index }) => (names ? name : String(index)));
    const path = names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    return { code, path: path.toWellFormed().slice(0, maxPath), message };
  }
}

const maxPath = 500;

/** @param start of a string, at its quotation mark. @returns where the one that ends it is. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text[first - 1] === '\\') first -= 1;
    if ((end - first) % 2 === 0) return end;
  }
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (isOfNumber(text.charCodeAt(end), false)) end += 1;
  return end;
}

/** Digits and a minus; after the first, also `+`, `.`, `e` and `E`. */
const isOfNumber = (code: number, isFirst: boolean): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  code === 0x2d ||
  (!isFirst && (code === 0x2b || code === 0x2e || code === 0x65 || code === 0x45));

/** The value with every number that would become another as its source text, which `JSON.stringify` keeps. */
function withSourceText(text: string, value: unknown): unknown {
  if (!/[\d.]{16}|\d[eE]/.test(text)) return value;
  return JSON.parse(text, (_, each: unknown, context?: { source?: string }) => {
    const { source = '0' } = context ?? {};
    return typeof each === 'number' && !isExactNumber(source) ? rawJson(source) : each;
  });
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown };
