import { ConfigError } from '@countersign/contracts/problems';
import { ToolDefinition } from '@countersign/definitions';
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { z } from 'zod';

/** By its name, since this may be in a bundle. */
const program = createRequire(import.meta.url).resolve('@countersign/tool/print-definitions');
/** For all modules together. */
const longestMs = 60_000;

const Answer = z.union([z.object({ definitions: z.array(ToolDefinition) }), z.object({ problem: z.string() })]);

/**
 * What the tools of modules are, without running their code in this process, which may hold keys: a process of its own
 * imports them, with an empty environment, and may read the folders of the modules and packages, and nothing else.
 *
 * @param paths absolute
 * @throws ConfigError
 */
export async function definitionsApart(paths: readonly string[]): Promise<ToolDefinition[]> {
  if (paths.length === 0) return [];
  const readable = [...new Set([program, ...paths].flatMap(readableFor))].map((path) => `--allow-fs-read=${path}`);
  const child = spawn(process.execPath, ['--permission', ...readable, program, ...paths], {
    env: {},
    cwd: dirname(program),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    timeout: longestMs,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const [answer, complaint, how] = await Promise.all([
    text(child.stdio[3] as Readable),
    text(child.stderr as Readable),
    ended,
  ]);
  const parsed = Answer.safeParse(parse(answer));
  if (!parsed.success)
    throw new ConfigError(
      `The definitions of ${paths.join(', ')} cannot be read (${how}): ${complaint.slice(0, 1_000)}\n${advice}`,
    );
  if ('problem' in parsed.data) throw new ConfigError(`${parsed.data.problem}\n${advice}`);
  return parsed.data.definitions;
}

const advice = `Here modules are only read for what their tools are, by a process without an environment that may read no files but
those of the folder of each module and packages (node_modules), and start nothing. Read variables and files, and connect,
inside run(), and put files that a module imports beside the module, or into a package.`;

/** The folder of a file, and on the way up what says how it is read, and packages. */
function readableFor(path: string): string[] {
  const folders = [dirname(path), dirname(real(path))];
  const besides = folders
    .flatMap(upwards)
    .flatMap((folder) => [join(folder, 'package.json'), join(folder, 'node_modules')]);
  // In this workspace packages are links to their folders.
  return [...folders, ...besides, ...(path === program ? [dirname(dirname(dirname(program)))] : [])];
}

/** A missing module is reported by its import. */
const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

const upwards = (folder: string): string[] =>
  dirname(folder) === folder ? [folder] : [folder, ...upwards(dirname(folder))];

function parse(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return undefined;
  }
}
