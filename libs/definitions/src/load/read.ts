import { ConfigError } from '@countersign/contracts/problems';
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { CommandEntry } from '../execute/command/schema.js';
import { crossProblems } from '../checks/definitions.js';
import { DefinitionsFile } from '../schema/file.js';
import { schemaProblems } from './issues.js';
import { Source, type Problem } from './source.js';
import { effectOf, type DeclaredTool } from './tool-of-file.js';

/** What a file declares. Paths in it are absolute; placeholders are as they were written. */
export interface Definitions extends Omit<DefinitionsFile, 'tools'> {
  tools: DeclaredTool[];
  /** The file itself. */
  readonly path: string;
}

/** Reads the file that declares agents and tools. @throws ConfigError naming every problem at once, with its place. */
export function readDefinitions(path: string): Definitions {
  const file = resolve(path);
  return parseDefinitions(textOf(file), file);
}

/** @param path of the file, absolute: what is relative in it is relative to its directory. */
export function parseDefinitions(text: string, path: string): Definitions {
  const source = new Source(text);
  const content = source.value === undefined ? [] : contentProblems(source.value);
  const problems = [...source.problems, ...content];
  if (problems.length > 0)
    throw new ConfigError(`${path} has ${problems.length} problem(s):\n${explain(problems, source, path).join('\n')}`);
  return absolute(DefinitionsFile.parse(source.value), path);
}

const contentProblems = (value: unknown): Problem[] => [
  ...schemaProblems(DefinitionsFile, value),
  ...crossProblems(value),
];

/** @throws ConfigError */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `${file} cannot be read: ${(error as Error).message}. It declares agents and tools; COUNTERSIGN_CONFIG says where it is.`,
    );
  }
}

/** A line for each, by where it is. */
export const explain = (problems: readonly Problem[], source: Source, file: string): string[] =>
  problems
    .map((problem) => ({ ...problem, ...source.position(problem) }))
    .toSorted((one, other) => one.line - other.line || one.column - other.column)
    .map(({ line, column, path, message }) => {
      const what = path.length > 0 ? `${path.map(String).join('.')}: ` : '';
      return `  ${basename(file)}:${line}:${column} ${what}${message}`;
    });

function absolute(file: DefinitionsFile, path: string): Definitions {
  const inDirectory = (relative = '.') => resolve(dirname(path), relative);
  return {
    ...file,
    path,
    tools: file.tools.map((entry) => {
      const tool = { ...entry, ...effectOf(entry) };
      const { execute, preview } = tool;
      const inPlace = <E extends { command?: CommandEntry | undefined }>(entry: E): E => {
        if (!entry.command) return entry;
        const working_directory = inDirectory(entry.command.working_directory);
        return { ...entry, command: { ...entry.command, working_directory } };
      };
      return { ...tool, ...(execute && { execute: inPlace(execute) }), ...(preview && { preview: inPlace(preview) }) };
    }),
    tool_modules: file.tool_modules.map(inDirectory),
    mcp_servers: file.mcp_servers.map((server) =>
      'url' in server ? server : { ...server, working_directory: inDirectory(server.working_directory) },
    ),
  };
}
