import { prepared, stateDir } from '@countersign/infra';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const examples = at('../../../examples/any-agent');
/** As it is in the project. */
export const exampleFile = (name: string): string => join(examples, name);

const manifests = ['package.json', 'package-lock.json'];
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
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-cache-dir', '--no-compile'];
  const packages = await prepared(join(stateDir, `frameworks-py-${digestOf([requirements])}`), async (work) => {
    const from = ['--target', work, '-r', requirements];
    await promisify(execFile)('python3', [...pip, ...from], { timeout: 180_000 });
  });
  return [packages, at('../../../clients/python/src')].join(':');
}

function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}
