import type { Command } from 'commander';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { program } from './program.js';

const lines: string[] = [];
const codes: number[] = [];
const run = (...args: string[]) =>
  throwing(program({ env: {}, out: (line) => lines.push(line), fail: (code) => codes.push(code) })).parseAsync(args, {
    from: 'user',
  });
/** Instead of ending the process. */
function throwing(command: Command): Command {
  command.commands.forEach(throwing);
  return command.exitOverride().configureOutput({ writeErr: () => {} });
}
afterEach(() => {
  lines.length = 0;
  codes.length = 0;
});

describe('countersign policy test', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  const config = join(dir, 'countersign.yaml');
  afterAll(() => rmSync(dir, { recursive: true }));
  const rules = (expected: string) =>
    writeFileSync(
      config,
      `
policies:
  rules:
    - name: staging
      when: { arguments: { environment: { equals: staging } } }
      then: { approve: true }
policy_tests:
  - name: staging asks nobody
    call: { agent: ops, tool: deploy, requester: ada, arguments: { environment: staging } }
    expect: { outcome: ${expected} }
`,
    );

  it('ends well when each case is decided as it says', async () => {
    rules('approve');
    await run('policy', 'test', '--config', config);
    expect([lines, codes]).toEqual([['1 passed, 0 failed'], []]);
  });

  it('names the cases that are not, and ends with 1', async () => {
    rules('require');
    await run('policy', 'test', '--config', config);
    expect(lines.join('\n')).toMatch(/FAILED staging asks nobody[^]*"approve"[^]*0 passed, 1 failed/);
    expect(codes).toEqual([1]);
  });
});

describe('countersign keys', () => {
  let server: Server;
  let url: string;
  const asked: unknown[] = [];
  beforeAll(async () => {
    server = createServer((request, reply) => {
      void (async () => {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        const { method, url: path, headers } = request;
        asked.push([method, path, headers.authorization, body === '' ? undefined : JSON.parse(body)]);
        const known = headers.authorization === 'Bearer admin';
        reply.writeHead(known ? 201 : 401, { 'content-type': 'application/json' });
        reply.end(JSON.stringify(known ? { key: 'cs_1_secret' } : { detail: 'This key is wrong.' }));
      })();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  const create = (key: string) =>
    run('keys', 'create', '--url', url, '--key', key, '--name', 'ci', '--subject', 'ci@x', '--role', 'requester');

  it('prints a new key, which the server made for whom it was told to', async () => {
    await create('admin');
    expect(lines).toEqual(['cs_1_secret']);
    const wanted = { name: 'ci', subject: 'ci@x', roles: ['requester'], groups: [], expires_in: null };
    expect(asked).toEqual([['POST', '/auth/keys', 'Bearer admin', wanted]]);
  });

  it('says what the server says when it refuses, and what to do when nobody answers', async () => {
    await expect(create('other')).rejects.toThrow('This key is wrong.');
    await expect(run('keys', 'list', '--url', 'http://127.0.0.1:1', '--key', 'k')).rejects.toThrow('--url');
  });

  it('knows the roles', async () => {
    await expect(run('keys', 'create', '--name', 'n', '--subject', 's', '--role', 'king')).rejects.toThrow(/viewer/);
  });
});
