import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

/** Sends one request by each means that services have, each to a name of its own, and one to where it is told. */
const program = `
import { takeEnvironment } from ${JSON.stringify(new URL('hand-over.ts', import.meta.url).href)};
import { useProxies } from ${JSON.stringify(new URL('proxy.ts', import.meta.url).href)};
import { once } from 'node:events';
useProxies(takeEnvironment());
const { request } = await import('node:http');
const { guardedRequest } = await import(${JSON.stringify(new URL('../../../outbound/dist/index.js', import.meta.url).href)});
const status = async (sending) => sending.then(({ status }) => status, () => 'none');
const byAgent = (url) => {
  const sent = request(url);
  sent.end();
  return once(sent, 'response').then(([answer]) => ({ status: answer.statusCode }));
};
console.log(
  await status(fetch('http://fetch.invalid/')),
  await status(byAgent('http://agent.invalid/')),
  await status(fetch(process.argv[2])),
  await status(fetch('https://secure.invalid/')),
  await status(guardedRequest(new URL('https://guarded.invalid/'), {
    method: 'GET', headers: {}, maxAnswer: 1, signal: AbortSignal.timeout(5_000),
    resolve: async () => { throw new Error('only a proxy knows'); },
  })),
);
process.exit(0);
`;

describe('a service whose environment names a proxy', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-proxy-'));
  const asked: string[] = [];
  let proxy: Server;
  let target: Server;
  const at = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  beforeAll(async () => {
    writeFileSync(join(dir, 'program.mjs'), program);
    proxy = createServer((request, reply) => {
      asked.push(request.url!);
      reply.writeHead(203).end();
    });
    proxy.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization']}`);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    target = createServer((_, reply) => void reply.writeHead(204).end());
    for (const server of [proxy, target]) await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    for (const server of [proxy, target]) server.close();
    rmSync(dir, { recursive: true });
  });
  beforeEach(() => void (asked.length = 0));

  const run = async (env: Record<string, string>) => {
    const args = [join(dir, 'program.mjs'), at(target)];
    const { PATH = '' } = process.env;
    return (await promisify(execFile)(process.execPath, args, { env: { PATH, ...env } })).stdout.trim();
  };

  it('sends through it what its exceptions do not name', async () => {
    const secured = at(proxy).replace('//', '//someone:s3cret@');
    expect(await run({ http_proxy: at(proxy), HTTPS_PROXY: secured, NO_PROXY: '127.0.0.1' })).toBe(
      '203 203 204 none none',
    );
    expect(asked).toEqual([
      'http://fetch.invalid/',
      'http://agent.invalid/',
      `CONNECT secure.invalid:443 Basic ${btoa('someone:s3cret')}`,
      `CONNECT guarded.invalid:443 Basic ${btoa('someone:s3cret')}`,
    ]);
  });

  it('sends nothing through it where that is turned off, or none is named', async () => {
    expect(await run({ HTTP_PROXY: at(proxy), NODE_USE_ENV_PROXY: '0' })).toBe('none none 204 none none');
    expect(await run({ NO_PROXY: 'x' })).toBe('none none 204 none none');
    expect(asked).toEqual([]);
  });
});
