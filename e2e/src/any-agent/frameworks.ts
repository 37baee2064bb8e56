import { prepared, stateDir } from '@countersign/infra';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const examples = at('../../../examples/any-agent');
const manifests = ['package.json', 'package-lock.json'];

/**
 * Where the examples for frameworks are, copied as a user copies them, beside the packages that they need. Fetches those
 * once for each list of them.
 */
export async function frameworkExamples(...files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const name of manifests) hash.update(readFileSync(join(examples, name)));
  const folder = await prepared(join(stateDir, `frameworks-${hash.digest('hex').slice(0, 12)}`), async (work) => {
    for (const name of manifests) cpSync(join(examples, name), join(work, name));
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    await promisify(execFile)('npm', ['ci', ...options], { cwd: work, timeout: 180_000 });
    mkdirSync(join(work, 'node_modules/@countersign'));
    symlinkSync(at('../../../libs/client'), join(work, 'node_modules/@countersign/client'));
  });
  for (const name of files) cpSync(join(examples, name), join(folder, name));
  return folder;
}
