import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, type Block } from '../blocks.js';

/** The compiler takes it as a file of a project that has Countersign's packages. */
export function checkTypeScript({ text }: Block): void {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const dir = mkdtempSync(join(cache, 'countersign-docs-'));
  try {
    const compilerOptions = {
      composite: false,
      incremental: false,
      noEmit: true,
      allowImportingTsExtensions: true,
      customConditions: ['source'],
    };
    writeFileSync(
      join(dir, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.base.json'), compilerOptions }),
    );
    writeFileSync(join(dir, 'package.json'), '{"type": "module"}');
    writeFileSync(join(dir, 'block.ts'), text);
    const { status, stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', dir], {
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    if (status !== 0) throw new Error(stdout);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
