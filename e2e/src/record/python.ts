import { prepared, stateDir } from '@countersign/infra';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const requirements = fileURLToPath(new URL('../../../examples/consumers/requirements.txt', import.meta.url));

/** @returns for the environment of `python3`: where Kafka's client and what else the examples need is. */
export async function pythonWithKafka(): Promise<{ PYTHONPATH: string; PYTHONNOUSERSITE: string }> {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const PYTHONPATH = await prepared(join(stateDir, `consumers-py-${digest}`), async (work) => {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-cache-dir', '--no-compile'];
    await promisify(execFile)('python3', [...pip, '--target', work, '-r', requirements], { timeout: 180_000 });
  });
  return { PYTHONPATH, PYTHONNOUSERSITE: '1' };
}
