import { ConfigError } from '@countersign/contracts/problems';
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { explain, parseDefinitions, textOf, type Definitions } from '../load/read.js';
import { Source } from '../load/source.js';
import { differencesBetween, type Difference } from './differences.js';

/** One text of the file, and what it declares here. */
export interface Declaration {
  text: string;
  /** SHA-256 of the text, in hexadecimal: what `sha256sum` says of the file. */
  digest: string;
  definitions: Definitions;
}

export const textDigest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Reads the file that declares agents, tools and rules. @throws ConfigError naming every problem at once, with its place. */
export function readDeclaration(path: string): Declaration {
  const file = resolve(path);
  return declarationOf(textOf(file), file);
}

/** @param path of the file, absolute. @throws ConfigError */
export const declarationOf = (text: string, path: string): Declaration => ({
  text,
  digest: textDigest(text),
  definitions: parseDefinitions(text, path),
});

/** What another text declares otherwise, as values; relative paths are those of the second. */
export function changesBetween(before: string | null, after: string, path: string): Difference[] {
  // What follows from other fields is no change of its own.
  const read = (text: string) => {
    const { tools, ...rest } = parseDefinitions(text, path);
    return { ...rest, tools: tools.map((tool) => ({ ...tool, effect: undefined })) };
  };
  return differencesBetween(before === null ? {} : read(before), read(after));
}

/** Code is loaded once in the life of a process, and connections to servers are made once. */
const ofProcess = ['tool_modules', 'mcp_servers'] as const;

/**
 * What a process that works by one text cannot take over from another, since that takes a new process: a line each, with
 * its place in the other text.
 */
export function needsRestart(before: Definitions, { definitions, text }: Declaration): string[] {
  const parts = ofProcess.filter((part) => differencesBetween(before[part], definitions[part]).length > 0);
  if (parts.length === 0) return [];
  const problems = parts.map((part) => ({
    path: [part],
    message: 'is not what the processes run with: restart all services with this file instead',
  }));
  return explain(problems, new Source(text), definitions.path);
}

/** @throws ConfigError naming each, with its line */
export function refuseRestart(before: Definitions, after: Declaration): void {
  const lines = needsRestart(before, after);
  if (lines.length > 0)
    throw new ConfigError(`${after.definitions.path} cannot be taken over without a restart:\n${lines.join('\n')}`);
}
