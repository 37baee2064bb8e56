import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What a process sees of itself, and what a child of it, as the same user, sees of its parent and of its own. */
const program = `
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { takeEnvironment } from ${JSON.stringify(new URL('hand-over.ts', import.meta.url).href)};
const environment = takeEnvironment();
const look = "for (const of of [process.ppid, 'self']) console.log(require('node:fs').readFileSync('/proc/' + of + '/environ', 'utf8'))";
const child = spawnSync(process.execPath, ['-e', look], { encoding: 'utf8', env: {} });
const own = readFileSync('/proc/self/environ', 'utf8');
console.log(JSON.stringify({ environment, token: process.env.TOKEN, own, child: child.stdout, pid: process.pid, args: process.argv.slice(2) }));
`;

describe.skipIf(process.platform !== 'linux')('a process that is told secrets by its environment', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-environment-'));
  beforeAll(() => writeFileSync(join(dir, 'program.mjs'), program));
  afterAll(() => rmSync(dir, { recursive: true }));

  async function run(env: Record<string, string>) {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [join(dir, 'program.mjs'), 'an argument'], {
      env: { PATH, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const seen = JSON.parse(await text(child.stdout)) as {
      environment: Record<string, string>;
      token: string;
      own: string;
      child: string;
      pid: number;
      args: string[];
    };
    expect(seen.pid).toBe(child.pid);
    return seen;
  }

  it('knows them, and nothing that runs as the same user sees them', async () => {
    const seen = await run({ ADMIN_KEY: 'a secret of mine', TOKEN: 'a\nline', NODE_ENV: 'test' });
    expect(seen.environment).toMatchObject({ ADMIN_KEY: 'a secret of mine', TOKEN: 'a\nline', NODE_ENV: 'test' });
    expect(seen.token).toBe('a\nline');
    expect(seen.args).toEqual(['an argument']);
    expect(seen.own).toContain('NODE_ENV=test');
    for (const shown of [seen.own, seen.child]) {
      expect(shown).not.toContain('secret');
      expect(shown).not.toContain('TOKEN');
    }
  });

  it('leaves no file behind in which it handed them over', async () => {
    const [, file] = /COUNTERSIGN_ENVIRONMENT=([^\0]+)/.exec((await run({ TOKEN: 'x' })).own)!;
    expect(readdirSync(join(file!, '..'))).not.toContain(file!.split('/').at(-1));
  });
});
