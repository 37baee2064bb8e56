import { prepared, stateDir } from '@countersign/infra';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const requirements = at('../../agno/requirements.txt');

/** Drives an API with agno's own Python client. @returns what it has seen, a line each; throws when that is not all. */
export const driveWithAgno = (url: string, key: string): Promise<string[]> => runScript('drive.py', url, key);

/** Checks the answers of the approvals routes with the models of agno's own server. @returns what it has seen. */
export const validateWithAgno = (url: string, key: string): Promise<string[]> => runScript('approvals.py', url, key);

/** @returns the lines that the script prints. */
async function runScript(name: string, ...args: string[]): Promise<string[]> {
  const packages = await agnoPackages();
  // Nothing of the machine's own packages, and no telemetry.
  const env = { PATH: process.env['PATH'] ?? '', PYTHONPATH: packages, PYTHONNOUSERSITE: '1', AGNO_TELEMETRY: 'false' };
  const { stdout } = await run('python3', [at(`../../agno/${name}`), ...args], { env, timeout: 90_000 });
  return stdout.trim().split('\n');
}

/** Where agno and what it needs are, httpx among them. Fetches them from PyPI, once for each list of them. */
export function agnoPackages(): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-cache-dir'];
  return prepared(join(stateDir, `agno-${hash}`), async (work) => {
    await run('python3', [...pip, '--target', work, '-r', requirements], { timeout: 180_000 });
  });
}
