import { isExactNumber } from '@countersign/contracts/json';
import { isAlias, isMap, isSeq, LineCounter, parseDocument, visit, type Document, type Node, type Pair } from 'yaml';

export type Path = readonly PropertyKey[];

/** Something that is wrong with the file, and with what of it. */
export interface Problem {
  path: Path;
  message: string;
  /** Where in the text, when that is not where the path leads. */
  offset?: number;
}

/** More than any file written by hand has, and few enough that an alias of aliases stays small. */
const maxAliasCount = 100;

/** The text of a file as YAML 1.2: what it says, and where it says it. */
export class Source {
  readonly #lines = new LineCounter();
  readonly #document: Document;
  /** What YAML itself finds wrong. */
  readonly problems: Problem[];
  /** The content as plain data; `undefined` when it cannot be parsed. */
  readonly value: unknown;

  constructor(text: string) {
    this.#document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
      stringKeys: true,
      prettyErrors: false,
      lineCounter: this.#lines,
    });
    const { errors, warnings } = this.#document;
    const found = [...errors, ...warnings].map(({ code, message, pos }) => ({
      path: [],
      // Its own words quote what stands there.
      message: code === 'UNEXPECTED_TOKEN' ? 'YAML does not allow what stands here' : message,
      offset: pos[0],
    }));
    const aliases = wrongAliases(this.#document);
    this.problems = [...found, ...aliases, ...ambiguities(this.#document)];
    // After any other error the structure is in doubt, and further problems would mislead.
    const isReadable = errors.every(({ code }) => code === 'DUPLICATE_KEY') && aliases.length === 0;
    this.value = isReadable ? this.#read() : undefined;
  }

  /** Line and column, from 1, of where the path leads, or of the nearest parent that is there. */
  position({ path, offset }: Problem): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset ?? this.#offsetOf(path));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #read(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount });
    } catch {
      this.problems.push({ path: [], message: `its aliases (*name) stand for more than ${maxAliasCount} copies` });
      return undefined;
    }
  }

  #offsetOf(path: Path): number {
    let node = this.#document.contents as Node | null;
    let offset = node?.range?.[0] ?? 0;
    for (const segment of path) {
      const found = child(node, segment, this.#document);
      if (!found) break;
      offset = found.offset ?? offset;
      node = found.node;
    }
    return offset;
  }
}

function child(node: Node | null, segment: PropertyKey, document: Document) {
  const parent = isAlias(node) ? node.resolve(document) : node;
  if (isSeq<Node>(parent)) {
    const item = parent.items[Number(segment)];
    return item && { node: item, offset: item.range?.[0] };
  }
  if (!isMap<Node, Node | null>(parent)) return undefined;
  const pair = parent.items.find(({ key }: Pair<Node, Node | null>) => String(key) === String(segment));
  return pair && { node: pair.value, offset: pair.key.range?.[0] };
}

function wrongAliases(document: Document): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Alias(_, alias, parents) {
      const node = alias.resolve(document);
      if (node && !parents.includes(node)) return;
      const message = node
        ? `the alias *${alias.source} stands for something it is in`
        : `there is no anchor &${alias.source} before this alias`;
      problems.push({ path: [], message, offset: alias.range?.[0] ?? 0 });
    },
  });
  return problems;
}

/**
 * What JSON would take for something else, as `parseStrictJson` refuses it: a rule about `2512292042121000001` would hold
 * for `2512292042121000000`.
 */
function ambiguities(document: Document): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Scalar(place, { value, source = '', range }) {
      const message = ambiguity(value, source, place === 'key');
      if (message !== undefined) problems.push({ path: [], message, offset: range?.[0] ?? 0 });
    },
  });
  return problems;
}

function ambiguity(value: unknown, source: string, isName: boolean): string | undefined {
  if (typeof value === 'number' && !isKept(value, source))
    return `the number ${source} cannot be kept exactly: write it in quotes, as a text`;
  if (typeof value !== 'string') return undefined;
  if (!value.isWellFormed()) return 'half of a character (a lone surrogate) stands in a text';
  return isName && value === '__proto__' ? 'no field can have the name __proto__' : undefined;
}

const isKept = (value: number, source: string): boolean =>
  /^0[xo]/.test(source) ? Number.isSafeInteger(value) : Number.isFinite(value) && isExactNumber(source);
