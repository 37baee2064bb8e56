import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { prepared, stateDir } from '../../../infra/src/index.js';

export interface Finding {
  code: string | number;
  message: string;
  path: (string | number)[];
}

interface Official {
  Parser: new () => { parse(text: string, options: { source: string }): Promise<{ diagnostics: Finding[] }> };
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const files = ['package.json', 'package-lock.json'] as const;

/** @returns what AsyncAPI's own parser, with its rules, has to say of a document: errors, warnings and hints. */
export async function lint(text: string, source: string): Promise<Finding[]> {
  const digest = createHash('sha256')
    .update(readFileSync(here('package-lock.json')))
    .digest('hex')
    .slice(0, 12);
  const dir = await prepared(join(stateDir, `asyncapi-${digest}`), async (work) => {
    for (const name of files) copyFileSync(here(name), join(work, name));
    // One of the packages reports its installation elsewhere by a script.
    const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await promisify(execFile)('npm', install, { cwd: work, timeout: 180_000, shell: process.platform === 'win32' });
  });
  const { Parser } = createRequire(join(dir, 'package.json'))('@asyncapi/parser') as Official;
  return (await new Parser().parse(text, { source })).diagnostics;
}
