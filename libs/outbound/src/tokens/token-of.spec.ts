import { ConfigError } from '@countersign/contracts/problems';
import { after, systemClock } from '@countersign/contracts/time';
import { KnownSecrets } from '@countersign/definitions/masking';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { NoToken, tokenOf, type TokenScope } from './token-of.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-token-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, 'given');
let now = systemClock();
let secrets: KnownSecrets;
beforeEach(() => void (secrets = new KnownSecrets()));

describe('a token that a program prints', () => {
  const of = (script: string, env: Record<string, string> = {}, scope: Partial<TokenScope> = {}) =>
    tokenOf(
      { command: process.execPath, args: ['-e', script], env, keep: 60 },
      { env: { PATH: '/bin', SECRET: 'hunter2-hunter2', MINE: 'x' }, secrets, now: () => now, ...scope },
    );
  const printsFile = `process.stdout.write(require('fs').readFileSync(${JSON.stringify(file)}) + '\\n')`;

  it('is used until its time is over or it is refused, and known as a secret', async () => {
    const token = of(printsFile);
    writeFileSync(file, 'the-first-token');
    expect(await Promise.all([token.token(), token.token()])).toEqual(['the-first-token', 'the-first-token']);
    writeFileSync(file, 'the-second-token');
    now = after(now, 59_000);
    expect(await token.token()).toBe('the-first-token');
    token.refuse('another');
    expect(await token.token()).toBe('the-first-token');
    token.refuse('the-first-token');
    expect(await token.token()).toBe('the-second-token');
    writeFileSync(file, 'the-third-token');
    now = after(now, 60_000);
    expect(await token.token()).toBe('the-third-token');
    for (const each of ['first', 'second', 'third']) expect(secrets.list()).toContain(`the-${each}-token`);
  });

  it('is printed with nothing in the environment but what is declared', async () => {
    const print = 'process.stdout.write(Object.keys(process.env).sort().join())';
    expect(await of(print, { TOKEN: '{{env.SECRET}}' }, { secrets }).token()).toBe('PATH,TOKEN');
    expect(secrets.list()).toContain('hunter2-hunter2');
  });

  it.each([
    ['is none', 'process.exit(0)', 'printed something else than a token'],
    ['is two', 'console.log("one two")', 'printed something else than a token'],
    ['has a line break', 'console.log("one\\ntwo")', 'printed something else than a token'],
    ['comes with a failure', 'console.log("tok"); console.error("a secret"); process.exit(3)', 'ended with code 3'],
    ['never comes', 'process.kill(process.pid, "SIGKILL")', 'was ended by SIGKILL'],
  ])('is not shown when it %s, and nothing of it is repeated', async (_, script, why) => {
    const error: unknown = await of(script)
      .token()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoToken);
    expect(String(error)).toContain(why);
    expect(String(error)).not.toMatch(/a secret|one|tok"/);
  });

  it('is not there where there is no such program', async () => {
    const none = tokenOf({ command: join(dir, 'none'), args: [], env: {}, keep: 60 }, { env: {} });
    await expect(none.token()).rejects.toThrow(/there is no token: .*cannot be started: ENOENT/);
  });
});

describe('a token of a provider', () => {
  const entry = {
    endpoint: 'https://id.example.com/token',
    client_id: 'me',
    client_secret: '{{env.SECRET}}',
    parameters: { audience: '{{env.AUDIENCE}}' },
  };

  it('is asked for with the secret as its file says it by then, and what else is declared', async () => {
    const asked: string[] = [];
    const server = createServer(async (request, reply) => {
      const basic = Buffer.from(request.headers.authorization!.slice(6), 'base64');
      asked.push(`${String(basic)} ${await text(request)}`);
      reply.end(JSON.stringify({ access_token: `token-no-${asked.length}`, token_type: 'Bearer' }));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    writeFileSync(file, 'secret-1\n');
    const env = { SECRET_FILE: file, AUDIENCE: 'crm' };
    const token = tokenOf({ ...entry, endpoint }, { env, secrets });
    expect(await token.token()).toBe('token-no-1');
    writeFileSync(file, 'secret-2\n');
    token.refuse('token-no-1');
    expect(await token.token()).toBe('token-no-2');
    expect(asked).toEqual([1, 2].map((n) => `me:secret-${n} audience=crm&grant_type=client_credentials`));
    for (const each of ['secret-1', 'secret-2', 'token-no-1', 'token-no-2']) expect(secrets.list()).toContain(each);
    rmSync(file);
    token.refuse('token-no-2');
    await expect(token.token()).rejects.toThrow(/there is no token: SECRET_FILE: ENOENT/);
    expect(() => readFileSync(file)).toThrow();
  });

  it('is none where the secret would be sent as it is, or is not there', () => {
    const env = { SECRET: 'x', AUDIENCE: 'y', AT: 'http://id.example.com/token' };
    expect(() => tokenOf({ ...entry, endpoint: '{{env.AT}}' }, { env })).toThrow(ConfigError);
    expect(() => tokenOf({ ...entry, endpoint: '{{env.AT}}' }, { env })).toThrow('must begin with https://');
    expect(() => tokenOf(entry, { env: { AUDIENCE: 'y' } })).toThrow('SECRET is not set');
  });
});
