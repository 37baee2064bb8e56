import fastify, { type FastifyInstance } from 'fastify';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveInbox } from './inbox-files.js';

describe('the files of the inbox', () => {
  let root: string;
  let server: FastifyInstance;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'countersign-site-'));
    server = fastify();
  });

  afterEach(async () => {
    await server.close();
    rmSync(root, { recursive: true });
  });

  const build = () => {
    mkdirSync(join(root, 'assets'));
    writeFileSync(join(root, 'index.html'), '<title>Inbox</title>');
    writeFileSync(join(root, 'assets', 'index-abc.js'), 'let a;');
    writeFileSync(join(root, 'secret.txt'), 'not for anybody');
  };

  it.each(['/', '/inbox', '/inbox/', '/inbox/approvals/some-id', '/inbox/runs?status=PAUSED'])(
    'answer %s with the page, to be asked for each time',
    async (url) => {
      build();
      await serveInbox(server, root);
      const { statusCode, body, headers } = await server.inject(url);
      expect({ statusCode, body }).toEqual({ statusCode: 200, body: '<title>Inbox</title>' });
      expect(headers).toMatchObject({ 'cache-control': 'no-cache', 'content-type': 'text/html; charset=utf-8' });
    },
  );

  it.each(['', '/countersign', '/a/b', '//evil.example', '/..;', '/@evil.example'])(
    'are of the same server behind a proxy that takes away the path "%s"',
    async (path) => {
      build();
      writeFileSync(join(root, 'index.html'), '<link href="./assets/a.css"><script src="./assets/a.js">');
      await serveInbox(server, root);
      for (const url of ['/', '/inbox', '/inbox/', '/inbox/approvals/a-1', '/inbox/approvals/a-1/?b=/c', '/inbox//'])
        for (const [, to] of (await server.inject(url)).body.matchAll(/"([^"]*)"/g))
          expect(new URL(to!, `https://ops.example${path}${url}`).href, url).toMatch(
            new RegExp(`^https://ops.example${path}/inbox/assets/a.(css|js)$`),
          );
    },
  );

  it('are kept by browsers when their name says what is in them', async () => {
    build();
    await serveInbox(server, root);
    const { body, headers } = await server.inject('/inbox/assets/index-abc.js');
    expect(body).toBe('let a;');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toContain('javascript');
  });

  it('are sent compressed to browsers that take it, where they are there so', async () => {
    build();
    writeFileSync(join(root, 'assets', 'index-abc.js.gz'), gzipSync('let a;'));
    writeFileSync(join(root, 'assets', 'other-abc.js'), 'let b;');
    await serveInbox(server, root);
    const headers = { 'accept-encoding': 'gzip, deflate, br' };
    const answer = await server.inject({ url: '/inbox/assets/index-abc.js', headers });
    expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(answer.headers['content-type']).toContain('javascript');
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(gunzipSync(answer.rawPayload).toString()).toBe('let a;');
    expect((await server.inject({ url: '/inbox/assets/other-abc.js', headers })).body).toBe('let b;');
    expect((await server.inject('/inbox/assets/index-abc.js')).body).toBe('let a;');
  });

  it('are no others, and an old name is not the page', async () => {
    build();
    await serveInbox(server, root);
    for (const url of [
      '/inbox/assets/index-old.js',
      '/inbox/assets/..%2Fsecret.txt',
      '/inbox/assets/%2e%2e/secret.txt',
    ])
      expect((await server.inject(url)).body, url).not.toContain('not for anybody');
    expect((await server.inject('/inbox/assets/index-old.js')).statusCode).toBe(404);
  });

  it('are said to be missing where nobody has built them', async () => {
    await serveInbox(server, root);
    const { statusCode, body } = await server.inject('/');
    expect(statusCode).toBe(404);
    expect(body).toContain('npm start');
  });
});
