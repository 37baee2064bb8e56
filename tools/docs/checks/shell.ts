import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root, type Block } from '../blocks.js';
import { commandsIn } from '../shell.js';
import { checkCommandLine } from './command-line.js';
import { checkCurl } from './curl.js';
import type { Http } from './http.js';

type Check = (words: readonly string[], http: Http) => void | Promise<void>;

/** A shell takes the text, and each of its commands is there with the options that are named. */
export async function checkShell({ text }: Block, http: Http): Promise<void> {
  execFileSync('bash', ['-n'], { input: text });
  for (const words of commandsIn(text)) {
    const check = Object.hasOwn(commands, words[0]!) ? commands[words[0]!] : undefined;
    expect(check, `no test knows the command ${words[0]}`).toBeDefined();
    await check!(words, http);
  }
}

const nothingToCheck: Check = () => undefined;

const commands: Record<string, Check> = {
  countersign: ([, ...args]) => checkCommandLine(args),
  curl: checkCurl,
  npm: checkNpm,
  npx: ([, ...words]) => checkTool(words),
  'node_modules/.bin/vitest': ([, ...words]) => checkTool(['vitest', ...words]),
  node: ([, file]) => expectSource(file!),
  sh: ([, file]) => expectFile(file!),
  '.': ([, file]) => expectFile(file!),
  source: ([, file]) => (file === '$SUBSTITUTED' ? undefined : expectFile(file!)),
  docker: (words) => expect(words.join(' ')).toBe('docker compose up --build'),
  alias: nothingToCheck,
  cat: nothingToCheck,
  cd: nothingToCheck,
  export: nothingToCheck,
  jq: nothingToCheck,
};

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** What may follow `--`. */
const argumentsOf: Record<string, readonly string[]> = {
  start: ['--no-sample'],
  demo: ['--kafka'],
  infra: ['start', 'stop', 'status'],
  chaos: ['--minutes', '10', '--seed', '16', '--stack', 'embedded'],
};

async function checkNpm([, ...words]: readonly string[]): Promise<void> {
  const [command, ...rest] = words.filter((word) => word !== '-s');
  const name = command === 'run' ? rest.shift()! : command!;
  expect(Object.keys(scripts)).toContain(name);
  expect(rest.length === 0 || rest[0] === '--', 'arguments of a script follow --').toBe(true);
  if (name === 'cli') return checkCommandLine(rest.slice(1));
  for (const word of rest.slice(1)) expect(argumentsOf[name] ?? [], `npm run ${name}`).toContain(word);
}

function checkTool([tool, ...words]: readonly string[]): void {
  expect(tool).toBe('vitest');
  const project = words.indexOf('--project');
  const roots = ['', 'apps/', 'libs/'].map((folder) => join(root, folder, words[project + 1]!));
  if (project >= 0) expect(roots.some(existsSync), `there is no project ${words[project + 1]}`).toBe(true);
}

const expectFile = (file: string): void => expect(existsSync(join(root, file)), `there is no ${file}`).toBe(true);

/** What is built counts as there when what it is built from is. */
const expectSource = (file: string): void => expectFile(file.replace(/\/dist\/(?:bundle\/)?(.*)\.js$/, '/src/$1.ts'));
