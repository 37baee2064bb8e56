import { marked, markedLine } from '../text/visible-text.js';
import { numberedLines, type Block } from './block.js';
import type { PresentedArgument } from './call.js';
import { shown } from './title.js';

/**
 * Arguments as lines of text, for a terminal or a message, with every character marked that hides something. Two calls
 * with different arguments never have the same lines, and no value can be taken for the name of an argument: what is
 * no plain word stands in quotes, and lines of a text stand behind their numbers. Of a text that is declared as JSON the
 * spacing is not shown.
 */
export const argumentLines = (args: readonly PresentedArgument[]): string[] =>
  args.flatMap(({ name, block }) => named(nameOf(name), block));

const nameOf = (name: string): string => markedLine(shown(name));

function named(name: string, block: Block): string[] {
  const [first, ...rest] = linesOf(block);
  return [first === '' ? `${name}:` : `${name}: ${first}`, ...rest.map((line) => `  ${line}`)];
}

function item(block: Block): string[] {
  const [first, ...rest] = linesOf(block);
  return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
}

/** The first line stands beside a name, the others below it. */
function linesOf(block: Block): [first: string, ...rest: string[]] {
  switch (block.kind) {
    case 'line':
      return [textLine(block.text)];
    case 'literal':
      return [block.text];
    case 'url': {
      const { before, host, after, leadsTo } = block;
      return [
        `${textLine(before + host + after)}${host.toLowerCase() === leadsTo ? '' : ` (leads to ${markedLine(leadsTo)})`}`,
      ];
    }
    case 'argv':
      return [`$ ${block.words.map((word) => markedLine(argvWord(word))).join(' ')}`];
    case 'code':
      return [`(${block.language}, ${count(block.lines.length)})`, ...numbered(block.lines)];
    case 'diff':
      return [`(diff, ${count(block.lines.length)})`, ...numbered(block.lines.map(({ text }) => text))];
    case 'list':
      return block.items.length === 0 ? ['[]'] : ['', ...block.items.flatMap(item)];
    case 'fields': {
      const what = block.isText ? '(JSON text)' : '';
      if (block.fields.length === 0) return [`${what}{}`];
      return [what, ...block.fields.flatMap((each) => named(nameOf(each.name), each.block))];
    }
    default:
      return block satisfies never;
  }
}

const count = (lines: number): string => `${lines} ${lines === 1 ? 'line' : 'lines'}`;

/** Each line by itself, so that none begins where another number would. */
const numbered = (lines: readonly string[]): string[] => {
  const width = String(lines.length).length;
  return numberedLines(lines).map((line) =>
    'emptyUntil' in line
      ? `${String(line.number).padStart(width)} ┊ ${line.emptyUntil - line.number + 1} empty lines`
      : `${String(line.number).padStart(width)} │ ${codeLine(line.text)}`,
  );
};

/** Tabs that indent are ordinary in code. */
const codeLine = (line: string): string => {
  const indent = /^\t*/.exec(line)![0].length;
  return '⇥ '.repeat(indent) + marked(line.slice(indent));
};

/** What JSON, a list or an option could be meant by stands in quotes. */
const textLine = (text: string): string => markedLine(isPlain(text) ? text : JSON.stringify(text));
const isPlain = (text: string): boolean =>
  /^[^\s"'([{$](?:.*\S)?$/u.test(text) && !/^(true|false|null|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(text);

const argvWord = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word));
