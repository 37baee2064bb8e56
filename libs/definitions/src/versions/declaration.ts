import { ConfigError } from '@countersign/contracts/problems';
import type { Seconds } from '@countersign/contracts/time';
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { explain, parseDefinitions, textOf, type Definitions } from '../load/read.js';
import { Source, type Problem } from '../load/source.js';
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

/** A process that works by one text cannot work by another: that takes a new process. */
export class RestartNeeded extends ConfigError {
  override readonly name = 'RestartNeeded';
}

/**
 * The code of a module is loaded once in the life of a process, and never let go of.
 *
 * @throws RestartNeeded with the line
 */
export function refuseRestart(before: Definitions, { definitions, text }: Declaration): void {
  const { path, tool_modules } = definitions;
  if (differencesBetween(before.tool_modules, tool_modules).length === 0) return;
  const message = 'names other modules than those whose code is loaded: restart all services with this file instead';
  const lines = explain([{ path: ['tool_modules'], message }], new Source(text), path);
  throw new RestartNeeded(`${path} cannot be taken over without a restart:\n${lines.join('\n')}`);
}

/**
 * A decision can be acted on for no longer than the record of its call is kept, by which it is known to have been.
 *
 * @param days for how long records are kept; 0: for good
 * @param functions of tool modules
 * @throws ConfigError naming each tool that says more, with its line
 */
export function refuseLongActWithin(
  { definitions: { path, tools, mcp_servers }, text }: Declaration,
  days: number,
  functions: readonly { name: string; act_within?: Seconds | undefined }[] = [],
): void {
  if (days === 0) return;
  const isTooLong = ({ act_within }: { act_within?: Seconds | undefined }) => (act_within ?? 0) >= days * 86_400;
  const message = `has to be shorter than the ${days} days for which RECORD_DAYS keeps records: shorten it, or keep them longer`;
  const ofFile = tools.flatMap((tool, n) => (isTooLong(tool) ? [['tools', n, 'act_within']] : []));
  const ofServers = mcp_servers.flatMap(({ tools: gates }, n) =>
    Object.entries(gates).flatMap(([name, gate]) =>
      isTooLong(gate) ? [['mcp_servers', n, 'tools', name, 'act_within']] : [],
    ),
  );
  const problems = [...ofFile, ...ofServers].map((place): Problem => ({ path: place, message }));
  const lines = [
    ...explain(problems, new Source(text), path),
    ...functions.filter(isTooLong).map(({ name }) => `  the tool "${name}" of a module: act_within ${message}`),
  ];
  if (lines.length > 0) throw new ConfigError(`${path} does not fit RECORD_DAYS:\n${lines.join('\n')}`);
}
