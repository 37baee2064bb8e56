import { ConfigError } from '@countersign/contracts/problems';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { loadOrCreateKeys } from './key-file.js';

describe('the key of a data directory', () => {
  let parent: string;
  let dir: string;
  let file: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'countersign-keys-'));
    dir = join(parent, 'data');
    file = join(dir, 'signing-key.json');
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it('is made at the first start and found at the next', async () => {
    const first = await loadOrCreateKeys(dir);
    const written = readFileSync(file, 'utf8');
    expect(await loadOrCreateKeys(dir)).toMatchObject({ publicKeys: first.publicKeys });
    expect(readFileSync(file, 'utf8')).toBe(written);
    expect(readdirSync(dir)).toEqual(['signing-key.json']);
  });

  it.skipIf(process.platform === 'win32')('can be read by nobody else', async () => {
    await loadOrCreateKeys(dir);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  it('is one for all that start at once in a process', async () => {
    const rings = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateKeys(dir)));
    expect(new Set(rings.map(({ signingKey }) => signingKey.kid)).size).toBe(1);
    expect(readdirSync(dir)).toEqual(['signing-key.json']);
  });

  /** Waits, with everything loaded, for a line of input; then says which key it has. Node reads the sources itself. */
  const program = () => `
    import { registerHooks } from 'node:module';
    import { once } from 'node:events';
    registerHooks({
      resolve: (name, context, next) => next(
        name.startsWith('.') && context.parentURL?.endsWith('.ts') ? name.replace(/\\.js$/, '.ts') : name, context),
    });
    const { loadOrCreateKeys } = await import(${JSON.stringify(new URL('./key-file.ts', import.meta.url).href)});
    console.log('ready');
    await once(process.stdin, 'data');
    const { signingKey } = await loadOrCreateKeys(${JSON.stringify(dir)});
    console.log(signingKey.kid);
    process.exit();`;

  async function starter() {
    const args = ['--conditions=source', '--input-type=module', '--eval', program()];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return async () => {
      child.stdin.write('go\n');
      return (await text(child.stdout)).trim();
    };
  }

  it('is one for all processes that start at once', { timeout: 60_000 }, async () => {
    const starters = await Promise.all([starter(), starter(), starter()]);
    const kids = await Promise.all(starters.map((start) => start()));
    const { signingKey } = await loadOrCreateKeys(dir);
    expect(kids).toEqual([signingKey.kid, signingKey.kid, signingKey.kid]);
    expect(readdirSync(dir)).toEqual(['signing-key.json']);
  });

  it('is not replaced when the file holds none: that is for a person to look at', async () => {
    await loadOrCreateKeys(dir);
    writeFileSync(file, '{}');
    await expect(loadOrCreateKeys(dir)).rejects.toThrow(ConfigError);
    await expect(loadOrCreateKeys(dir)).rejects.toThrow(file);
    expect(readFileSync(file, 'utf8')).toBe('{}');
  });

  it('is not replaced by another one when it cannot be read', async () => {
    mkdirSync(file, { recursive: true });
    await expect(loadOrCreateKeys(dir)).rejects.toThrow(/EISDIR/);
    expect(readdirSync(dir)).toEqual(['signing-key.json']);
  });
});
