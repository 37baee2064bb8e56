import { parseStrictJson } from '../json/strict-json.js';
import { diffLines, isDiff, type DiffLine } from './diff.js';
import type { ArgumentFormat } from './presentation.js';

/** How one value is shown: all of it, whatever the shape. Texts are as they are; whoever shows them marks what hides. */
export type Block =
  /** A text of one line. */
  | { kind: 'line'; text: string }
  /** A number, true, false or null, as JSON. */
  | { kind: 'literal'; text: string }
  | { kind: 'url'; before: string; host: string; after: string; leadsTo: string }
  | { kind: 'code'; language: Language; lines: string[] }
  | { kind: 'diff'; lines: DiffLine[] }
  /** A command, word by word. */
  | { kind: 'argv'; words: string[] }
  | { kind: 'list'; items: Block[] }
  | { kind: 'fields'; fields: { name: string; block: Block }[]; isText: boolean };

export type Language = 'shell' | 'sql' | 'markdown' | 'json' | 'text';

/** @param name of the argument or field: some say that a list is a command. */
export function blockOf(value: unknown, name = '', format?: ArgumentFormat): Block {
  if (typeof value === 'string') return blockOfText(value, format);
  if (typeof value !== 'object' || value === null) return { kind: 'literal', text: JSON.stringify(value) ?? 'null' };
  if (!Array.isArray(value)) return fieldsOf(value as Record<string, unknown>);
  if (isCommand(value, name, format)) return { kind: 'argv', words: value };
  return { kind: 'list', items: value.map((each) => blockOf(each)) };
}

const fieldsOf = (value: Record<string, unknown>, isText = false): Block => ({
  kind: 'fields',
  fields: Object.entries(value).map(([name, each]) => ({ name, block: blockOf(each, name) })),
  isText,
});

const isCommand = (value: unknown[], name: string, format: ArgumentFormat | undefined): value is string[] =>
  value.length > 0 &&
  value.every((each) => typeof each === 'string') &&
  (format === 'shell' || /^(argv|args|cmd|command)$/i.test(name));

function blockOfText(text: string, format: ArgumentFormat | undefined): Block {
  if (format === 'json') return jsonIn(text) ?? code(text, 'json');
  if (format === 'diff') return { kind: 'diff', lines: diffLines(text.split('\n')) };
  if (format !== undefined && format !== 'text') return code(text, format);
  if (format === undefined && isDiff(text)) return { kind: 'diff', lines: diffLines(text.split('\n')) };
  if (text.includes('\n')) return code(text, format === undefined && /^#!.*sh\b/.test(text) ? 'shell' : 'text');
  return (format === undefined ? urlIn(text) : undefined) ?? { kind: 'line', text };
}

/** A line with its number, from 1, or so many empty ones that what follows would be out of sight. */
export type NumberedLine = { number: number; text: string } | { number: number; emptyUntil: number };

const mostEmptyLines = 12;

/** The lines of a text. Those that only push others away are one. */
export function numberedLines(lines: readonly string[]): NumberedLine[] {
  const numbered: NumberedLine[] = [];
  for (let at = 0; at < lines.length; at++) {
    let end = at;
    while (end < lines.length && lines[end]!.trim() === '') end++;
    if (end - at > mostEmptyLines) {
      numbered.push({ number: at + 1, emptyUntil: end });
      at = end - 1;
    } else numbered.push({ number: at + 1, text: lines[at]! });
  }
  return numbered;
}

const code = (text: string, language: Language): Block => ({ kind: 'code', language, lines: text.split('\n') });

/** A JSON object in a text. What JSON would leave out, such as a name that occurs twice, stays a text. */
function jsonIn(text: string): Block | undefined {
  const read = parseStrictJson(text);
  if (!read.ok || typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) return undefined;
  return fieldsOf(read.value as Record<string, unknown>, true);
}

const address = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#\\\s]*@)?)(\[[^\]\s]+\]|[^/?#\\\s@:]+)([^\s\\]*)$/i;

/** Takes a URL apart at its host, and says where it leads as a browser understands it. */
function urlIn(text: string): Block | undefined {
  const found = address.exec(text);
  if (!found || !URL.canParse(text)) return undefined;
  const { hostname } = new URL(text);
  return hostname === ''
    ? undefined
    : { kind: 'url', before: found[1]!, host: found[2]!, after: found[3]!, leadsTo: hostname };
}
