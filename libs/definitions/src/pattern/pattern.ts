import { RE2JS } from 're2js';
import { PatternError, translate } from './translate.js';

/** Steps that one comparison may take: characters of the text times instructions of the pattern. About 0.3 s. */
const mostSteps = 10_000_000;

/** Characters of a pattern. */
const longestPattern = 1_000;

/** A text has so many characters that comparing it with a pattern would hold everybody else up. */
export class TextTooLong extends Error {}

/**
 * A regular expression of JavaScript with the flag `u` that matches in a time linear in the text, whoever wrote it.
 * What only backtracking can do is refused when it is made. See docs/adr/0017.
 */
export class Pattern {
  readonly #compiled: RE2JS;
  readonly #longestText: number;

  /** @throws PatternError */
  constructor(
    readonly source: string,
    ignoreCase = false,
  ) {
    if (source.length > longestPattern) throw new PatternError(`it has more than ${longestPattern} characters`);
    const translated = translate(source);
    try {
      this.#compiled = RE2JS.compile(translated, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    } catch (error) {
      throw new PatternError(reasonOf(error as Error), { cause: error });
    }
    this.#longestText = Math.floor(mostSteps / this.#compiled.programSize());
  }

  /** Whether the text has a match. @throws TextTooLong */
  test(text: string): boolean {
    if (text.length > this.#longestText)
      throw new TextTooLong(`has more than the ${this.#longestText} characters that are compared with its pattern`);
    return this.#compiled.test(text);
  }

  /** JSON Schema's validator tells patterns apart by it. */
  toString(): string {
    return `/${this.source}/u`;
  }
}

/** What is wrong with a pattern and what to write instead, if anything is. */
export function patternProblem(source: string): string | undefined {
  try {
    return void new Pattern(source);
  } catch (error) {
    return (error as Error).message;
  }
}

const compiled = new Map<string, Pattern>();

/** The pattern of a rule, compiled once. @throws PatternError */
export function patternOf(source: string, ignoreCase = false): Pattern {
  const key = JSON.stringify([source, ignoreCase]);
  let pattern = compiled.get(key);
  if (!pattern) compiled.set(key, (pattern = new Pattern(source, ignoreCase)));
  return pattern;
}

function reasonOf({ message }: Error): string {
  if (message.includes('repeat count')) return 'it repeats more than 1,000 times: repeat less, or leave the bound out';
  return message.replace(/^error parsing regexp: /, '');
}
