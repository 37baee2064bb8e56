import { complement, lastCodePoint, lineTerminators, propertyRanges, shorthands, type Range } from './code-points.js';

/** What is wrong with a pattern, and what to write instead. */
export class PatternError extends SyntaxError {}

const unsupported: readonly [RegExp, string][] = [
  [/^\(\?[=!]/, 'look-ahead takes no linear time: say it with a second pattern, or a predicate such as not_equals'],
  [/^\(\?<[=!]/, 'look-behind takes no linear time: match what comes before it as well'],
  [/^\(\?[a-z-]+:/i, 'flags within a pattern are not known: write both cases, as in [Pp]rod'],
  [/^\\(?:[1-9]|k)/, 'a back reference takes no linear time: write out what may stand there'],
];

/**
 * A pattern of JavaScript with the flag `u`, in the syntax of RE2, with the same meaning for whether a text has a match.
 * An escape that is needless in other dialects (`\:`) and Python's named groups are taken too.
 *
 * @throws PatternError
 */
export function translate(source: string): string {
  const pattern = normalised(source);
  try {
    void new RegExp(pattern, 'u');
  } catch (error) {
    throw new PatternError((error as Error).message, { cause: error });
  }
  return new Translation(pattern).whole();
}

const classOrEscape = /\[(?:\\[^]|[^\]\\])*\]|\\[^]|\(\?P</g;
const needlessEscape = /\\(?:([!"#%&',:;<=>@_`~ -])|[^])/g;

/** Punctuation that may be escaped in other dialects stands for itself. */
const normalised = (source: string): string =>
  source.replaceAll(classOrEscape, (found) =>
    found === '(?P<'
      ? '(?<'
      : found.replaceAll(needlessEscape, (escape, punctuation?: string) =>
          punctuation === undefined ? escape : hex(punctuation.codePointAt(0)!),
        ),
  );

const hex = (point: number): string =>
  point <= 0xff ? `\\x${point.toString(16).padStart(2, '0')}` : `\\x{${point.toString(16)}}`;

const classOf = (ranges: readonly Range[]): string =>
  ranges.length === 0 ? `[^${classText([[0, lastCodePoint]])}]` : `[${classText(ranges)}]`;

const classText = (ranges: readonly Range[]): string =>
  ranges.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`)).join('');

const controls: Record<string, number> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

/** Reads a pattern that is well formed, so that each character says what it is. */
class Translation {
  #at = 0;

  constructor(private readonly source: string) {}

  whole(): string {
    let text = '';
    while (this.#at < this.source.length) text += this.#next();
    return text;
  }

  #next(): string {
    for (const [form, message] of unsupported)
      if (form.test(this.source.slice(this.#at, this.#at + 20)))
        throw new PatternError(`at character ${this.#at + 1}: ${message}`);
    const group = this.#take(/(?:\(\?:|\(\?<[^>]*>|\()/y);
    if (group !== undefined) return '(?:';
    const operator = this.#take(/(?:[)|*+?]|\{[\d,]+\})/y);
    if (operator !== undefined) return operator;
    if (this.#take(/\^/y) !== undefined) return '\\A';
    if (this.#take(/\$/y) !== undefined) return '\\z';
    const boundary = this.#take(/\\[bB]/y);
    if (boundary !== undefined) return boundary;
    if (this.#take(/\./y) !== undefined) return classOf(complement(lineTerminators));
    if (this.#take(/\[/y) !== undefined) return this.#class();
    const ranges = this.#set();
    return ranges ? classOf(ranges) : hex(this.#character());
  }

  #class(): string {
    const isNegated = this.#take(/\^/y) !== undefined;
    const ranges: Range[] = [];
    while (this.#take(/\]/y) === undefined) {
      const set = this.#set();
      if (set) {
        ranges.push(...set);
        continue;
      }
      const from = this.#character();
      ranges.push([from, this.#take(/-(?!\])/y) === undefined ? from : this.#character()]);
    }
    if (!isNegated) return classOf(ranges);
    return ranges.length === 0 ? classOf([[0, lastCodePoint]]) : `[^${classText(ranges)}]`;
  }

  /** What stands for several characters. */
  #set(): readonly Range[] | undefined {
    const shorthand = this.#take(/\\[dDwWsS]/y)?.[1];
    if (shorthand !== undefined) {
      const ranges = shorthands[shorthand.toLowerCase()]!;
      return shorthand === shorthand.toLowerCase() ? ranges : complement(ranges);
    }
    const property = this.#take(/\\[pP]\{[^}]*\}/y);
    if (property === undefined) return undefined;
    const ranges = propertyRanges(property.slice(3, -1));
    return property[1] === 'p' ? ranges : complement(ranges);
  }

  #character(): number {
    const pair = this.#take(/\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}/y);
    if (pair) return String.fromCharCode(parseInt(pair.slice(2, 6), 16), parseInt(pair.slice(8), 16)).codePointAt(0)!;
    const coded = this.#take(/\\(?:x[\da-fA-F]{2}|x\{[\da-fA-F]+\}|u[\da-fA-F]{4}|u\{[\da-fA-F]+\})/y);
    if (coded) return parseInt(coded.slice(2).replaceAll(/[{}]/g, ''), 16);
    const control = this.#take(/\\c[a-zA-Z]/y);
    if (control) return control.codePointAt(2)! % 32;
    const named = this.#take(/\\[tnvfr0b]/y);
    if (named) return controls[named[1]!] ?? 8;
    const escaped = this.#take(/\\?[^]/uy)!;
    return escaped.codePointAt(escaped.length > 1 && escaped.startsWith('\\') ? 1 : 0)!;
  }

  #take(form: RegExp): string | undefined {
    form.lastIndex = this.#at;
    const [found] = form.exec(this.source) ?? [];
    this.#at += found?.length ?? 0;
    return found;
  }
}
