import { ConfigError } from '@countersign/contracts/problems';
import { digestOf } from '@countersign/definitions';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isDefinedTool, type DefinedTool } from './define-tool.js';
import { nameClashes } from './tool.js';

interface Loaded {
  path: string;
  /** A digest of the file. */
  code: string;
  tools: readonly DefinedTool[];
}

/**
 * Imports modules, each by its absolute path, and collects every tool that they export: by name, as the default, or in
 * an array. A tool that several of them export is one, of the first. What it does is identified by a digest of that file, without
 * what the file imports.
 *
 * @throws ConfigError naming every problem with every file.
 */
export async function loadToolModules(paths: readonly string[]): Promise<DefinedTool[]> {
  const attempts = await Promise.allSettled([...new Set(paths)].map(load));
  const loaded = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const problems = attempts.flatMap((attempt) =>
    attempt.status === 'rejected' ? [(attempt.reason as Error).message] : [],
  );
  const origins = new Map<DefinedTool, Loaded>();
  for (const module of loaded) for (const tool of module.tools) if (!origins.has(tool)) origins.set(tool, module);
  problems.push(...nameClashes([...origins].map(([tool, { path }]) => ({ name: tool.definition.name, origin: path }))));
  if (problems.length > 0)
    throw new ConfigError(`The tools cannot be loaded:\n${problems.map((problem) => indented(problem)).join('\n')}`);
  return [...origins].map(([tool, { code }]) => ({ ...tool, definition: { ...tool.definition, effect: code } }));
}

async function load(path: string): Promise<Loaded> {
  if (!existsSync(path)) throw new Error(`${path}: there is no such file; correct the path or create it`);
  const module = await importFile(path).catch((error: unknown) => {
    throw new Error(`${path}: cannot be loaded: ${reasonOf(error)}`);
  });
  const tools = [Object.values(module)].flat(Infinity).filter(isDefinedTool);
  if (tools.length === 0) throw new Error(`${path}: exports no tool; export what defineTool() returns`);
  return { path, tools, code: digestOf({ function: createHash('sha256').update(readFileSync(path)).digest('hex') }) };
}

const importFile = (path: string) => import(pathToFileURL(path).href) as Promise<Record<string, unknown>>;

/** What to do about the ways in which an import fails that do not say it themselves. */
const advice: Record<string, string> = {
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX: 'only TypeScript whose types can be left out is run; enums and namespaces cannot',
  ERR_UNKNOWN_FILE_EXTENSION: 'it must end in .ts, .mts, .js or .mjs',
  ERR_MODULE_NOT_FOUND: 'correct the import or install the package beside the file',
};

/** What Node calls the permissions of a process. */
const wish: Record<string, string> = {
  ChildProcess: 'to start',
  FileSystemRead: 'to read',
  FileSystemWrite: 'to write',
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, permission, resource } = error as NodeJS.ErrnoException & { permission?: string; resource?: string };
  if (code === 'ERR_ACCESS_DENIED')
    return `it wants ${wish[permission ?? ''] ?? permission} ${resource}, which it may not`;
  const hint = advice[code ?? ''];
  const kind = error.name === 'Error' || error.message.startsWith(error.name) ? '' : `${error.name}: `;
  return `${kind}${error.message}${hint ? ` (${hint})` : ''}`;
}

const indented = (text: string): string => `  ${text.replaceAll('\n', '\n  ')}`;
