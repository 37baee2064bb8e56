import type { Language } from '@countersign/contracts/presentation';
import type { Span } from '../ui/pieces.js';

/** What a part of code is; the class that shows it. */
type TokenKind = 'comment' | 'keyword' | 'number' | 'string' | 'variable';

/** More than this is not taken apart: whoever wrote it has no say in how long a browser is busy. In UTF-16 code units. */
const longest = 20_000;

/**
 * What of each line stands out; undefined where nothing can be said. It only adds to what is shown: a text is the same
 * with it and without, and no part of it is less visible, since whoever wrote it knows how it is taken apart.
 */
export async function spansIn(language: Language, lines: readonly string[]): Promise<Span[][] | undefined> {
  const text = lines.join('\n');
  if (language === 'text' || text.length > longest) return undefined;
  try {
    const { highlight } = await import('./grammars.js');
    const tokens = [...tokensIn(highlight(language, text).children, undefined)];
    return tokens.map((token) => token.text).join('') === text ? spansOf(tokens) : undefined;
  } catch {
    // The file may be one of an older server, and gone.
    return undefined;
  }
}

interface Token {
  text: string;
  kind: TokenKind | undefined;
}

/** As lowlight has it, of `hast`. */
interface Node {
  type: string;
  value?: string;
  properties?: { className?: unknown };
  children?: readonly Node[];
}

function* tokensIn(nodes: readonly Node[], kind: TokenKind | undefined): Generator<Token> {
  for (const { value, properties, children = [] } of nodes) {
    if (value !== undefined) yield { text: value, kind };
    yield* tokensIn(children, kindOf(properties?.className) ?? kind);
  }
}

function spansOf(tokens: readonly Token[]): Span[][] {
  const lines: Span[][] = [[]];
  let start = 0;
  for (const { text, kind } of tokens)
    for (const [n, part] of text.split('\n').entries()) {
      if (n > 0) {
        lines.push([]);
        start = 0;
      }
      const end = start + part.length;
      if (kind && end > start) lines.at(-1)!.push({ start, end, look: `token-${kind}` });
      start = end;
    }
  return lines;
}

/** By the names that highlight.js gives to parts. */
const kinds: Record<string, TokenKind> = {
  attr: 'variable',
  built_in: 'keyword',
  bullet: 'keyword',
  code: 'string',
  comment: 'comment',
  keyword: 'keyword',
  link: 'string',
  literal: 'number',
  meta: 'comment',
  number: 'number',
  operator: 'keyword',
  section: 'keyword',
  string: 'string',
  subst: 'variable',
  symbol: 'number',
  title: 'keyword',
  type: 'keyword',
  variable: 'variable',
};

function kindOf(names: unknown): TokenKind | undefined {
  const [name] = Array.isArray(names) ? (names as unknown[]) : [];
  return kinds[String(name).replace(/^hljs-/, '')];
}
