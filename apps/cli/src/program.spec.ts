import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli } from '../test/cli.fixtures.js';
import { useInstallation } from '../test/installation.fixtures.js';

const there = useInstallation();

describe('signing in', () => {
  const home = () => ({ XDG_CONFIG_HOME: there.dir, COUNTERSIGN_KEY: '', COUNTERSIGN_URL: '' });

  it('keeps a key that is read from standard input, under a name, and forgets it', async () => {
    const { out: key } = await there.cli(['keys', 'create', '--name', 'n', '--subject', 'ada', '--role', 'approver']);
    const login = ['login', '--url', there.url, '--profile', 'work'];
    const { code, out } = await there.cli(login, { env: home(), stdin: key });
    expect(code).toBe(0);
    expect(out).toContain(`Signed in at ${there.url} as ada (approver).`);
    expect(out).not.toContain(key.trim());
    expect(readFileSync(join(there.dir, 'countersign/config.json'), 'utf8')).toContain(key.trim());
    const env = { ...home(), COUNTERSIGN_PROFILE: 'work' };
    expect((await there.cli(['whoami'], { env })).out).toContain('ada (approver)');
    expect((await there.cli(['logout', '--profile', 'work'], { env: home() })).code).toBe(0);
    expect((await there.cli(['whoami'], { env })).code).toBe(2);
  });

  it('keeps nothing that the server does not know', async () => {
    const { code, out } = await there.cli(['login', '--url', there.url, '--key', 'wrong'], { env: home() });
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect((await there.cli(['logout'], { env: home() })).code).toBe(4);
  });
});

describe('what goes wrong', () => {
  it.each([
    ['an unknown id', ['approvals', 'show', 'none'], 4, 'There is no approval "none"'],
    ['an unknown command', ['approvals', 'lisst'], 2, "unknown command 'lisst'"],
    ['an unknown option', ['runs', 'list', '--sorted'], 2, "unknown option '--sorted'"],
    ['a value of the wrong kind', ['runs', 'list', '--limit', 'many'], 2, 'It must be a whole number.'],
    ['a value that the server refuses', ['runs', 'list', '--limit', '5000'], 2, 'limit'],
    ['a server that is not there', ['runs', 'list', '--url', 'http://127.0.0.1:1'], 6, 'cannot be reached'],
    ['something that is no URL', ['runs', 'list', '--url', 'here'], 2, 'is no URL'],
  ])('is told in a line or two, and by the code: %s', async (_what, args, code, told) => {
    const ended = await there.cli(args);
    expect(ended).toMatchObject({ code, out: '' });
    expect(ended.err).toContain(told);
    expect(ended.err).not.toMatch(/^ {4}at /m);
    expect(ended.err.trim().split('\n').length).toBeLessThan(4);
  });

  it('is not that somebody asks for help', async () => {
    for (const args of [['--help'], ['help'], ['approvals', 'approve', '--help']]) {
      const { code, out, err } = await cli(args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^Usage: countersign/);
    }
    expect((await cli(['--help'])).out).toContain('6  the server cannot be reached');
  });

  it('is not that somebody asks for the version, the agents or an address', async () => {
    const { version } = JSON.parse(readFileSync('apps/cli/package.json', 'utf8')) as { version: string };
    expect(await cli(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
    expect((await there.cli(['agents'])).out).toMatch(/^ID +NAME +TOOLS\nops +/);
    expect((await there.cli(['open'])).out).toBe(`${there.url}/inbox\n`);
    const under = ['--url', 'https://ops.example/countersign/'];
    expect((await there.cli(['open', ...under])).out).toBe('https://ops.example/countersign/inbox\n');
  });

  it('says so of a server without a key, before anything is sent', async () => {
    const { code, err } = await cli(['runs', 'list', '--url', there.url]);
    expect({ code, err }).toEqual({
      code: 3,
      err: `There is no key for ${there.url}. Sign in: countersign login --url ${there.url}\n`,
    });
  });
});
