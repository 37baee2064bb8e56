import { prepared, stateDir } from '@countersign/infra';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const examples = at('../../../examples/any-agent');
/** As it is in the project. */
export const exampleFile = (name: string): string => join(examples, name);

const manifests = ['package.json', 'package-lock.json'];
const client = at('../../../clients/python');
const requirements = join(examples, 'requirements.txt');

/**
 * Where the examples for frameworks are, copied as a user copies them, beside the packages that they need. Fetches those
 * once for each list of them.
 */
export async function frameworkExamples(...files: readonly string[]): Promise<string> {
  const folder = await packagesOf('frameworks', examples, (work) => {
    mkdirSync(join(work, 'node_modules/@countersign'));
    symlinkSync(at('../../../libs/client'), join(work, 'node_modules/@countersign/client'));
  });
  for (const name of files) cpSync(join(examples, name), join(folder, name));
  return folder;
}

/** @returns the program of the Model Context Protocol that says whether a server conforms to it. */
export async function conformanceProgram(): Promise<string> {
  const folder = await packagesOf('conformance', at('../../conformance'));
  return join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
}

/** A folder with the packages that a lock file lists. */
function packagesOf(name: string, from: string, besides: (work: string) => void = () => {}): Promise<string> {
  const files = manifests.map((file) => join(from, file));
  return prepared(join(stateDir, `${name}-${digestOf(files)}`), async (work) => {
    for (const file of manifests) cpSync(join(from, file), join(work, file));
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    await promisify(execFile)('npm', ['ci', ...options], { cwd: work, timeout: 180_000 });
    besides(work);
  });
}

/** @returns for `PYTHONPATH`: what the examples in Python need, ours as it is published among it. */
export async function pythonFrameworks(): Promise<string> {
  const packages = prepared(join(stateDir, `frameworks-py-${digestOf([requirements])}`), (work) =>
    pip('install', '--no-compile', '--target', work, '-r', requirements),
  );
  return (await Promise.all([packages, pythonClient()])).join(':');
}

/** Our package for Python, built as it is published and installed from that. */
export function pythonClient(): Promise<string> {
  const files = readdirSync(client, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(py|toml|md)$/.test(name))
    .toSorted();
  const digest = digestOf(files.map((name) => join(client, name)));
  return prepared(join(stateDir, `client-py-${digest}`), async (work) => {
    const wheels = mkdtempSync(join(tmpdir(), 'countersign-wheel-'));
    try {
      await pip('wheel', '--no-deps', '--wheel-dir', wheels, client);
      const [wheel] = readdirSync(wheels);
      await pip('install', '--no-deps', '--target', work, join(wheels, wheel!));
    } finally {
      rmSync(wheels, { recursive: true });
    }
  });
}

async function pip(command: string, ...options: string[]): Promise<void> {
  const args = ['-m', 'pip', command, '--quiet', '--disable-pip-version-check', '--no-cache-dir', ...options];
  await promisify(execFile)('python3', args, { timeout: 180_000 });
}

function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}
