import fastify, { type FastifyInstance } from 'fastify';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forward } from './forward.js';

const listening = async (server: Server): Promise<string> => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('requests for another service', () => {
  let runner: Server;
  let here: FastifyInstance;
  let url: string;
  let asked: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[];
  let left: number;
  const stopping = new AbortController();

  beforeEach(async () => {
    asked = [];
    left = 0;
    runner = createServer((request, reply) => {
      asked.push(request);
      reply.on('close', () => (left += 1));
      if (request.url === '/runs/r/events') {
        reply.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: run\ndata: {}\n\n');
      } else {
        reply.writeHead(request.method === 'POST' ? 201 : 404, {
          'content-type': 'application/json',
          'set-cookie': 'a=b',
        });
        request.pipe(reply);
      }
    });
    here = fastify({ forceCloseConnections: true });
    // As services have one; what is only passed on is not for it.
    here.addContentTypeParser('application/json', (_request, _payload, done) => done(new Error('read here')));
    await forward(here, { AGENT_RUNNER_URL: await listening(runner) }, stopping.signal);
    url = await here.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(async () => {
    await here.close();
    runner.closeAllConnections();
    runner.close();
  });

  it('are handed on with all that is in them, and so are the answers', async () => {
    const body = JSON.stringify({ input: 'Deploy.' });
    const headers = { authorization: 'Bearer k', cookie: 'session=s', origin: url, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/agents/ops/runs?stream=false`, { method: 'POST', headers, body });
    expect([answer.status, await answer.text(), answer.headers.get('set-cookie')]).toEqual([201, body, 'a=b']);
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/agents/ops/runs?stream=false' });
    expect(asked[0]!.headers).toMatchObject({ ...headers, host: new URL(url).host });
  });

  it('are those of the service and no others, under one name only', async () => {
    expect((await fetch(`${url}/runs`)).status).toBe(404);
    expect(asked).toHaveLength(1);
    for (const path of ['/runsomething', '/executions', '/runs/..%2f..%2fmetrics', '/agents/%2e%2e/health/live'])
      await fetch(url + path);
    const others = asked.slice(1).map(({ url }) => url);
    for (const path of others) expect(path).toMatch(/^\/(agents|runs|sessions)(\/|$)/);
  });

  it('have events as they happen, until somebody leaves', async () => {
    const leaving = new AbortController();
    const stream = await fetch(`${url}/runs/r/events`, { signal: leaving.signal });
    const { value } = await stream.body!.getReader().read();
    expect(new TextDecoder().decode(value)).toContain('event: run');
    leaving.abort();
    await vi.waitUntil(() => left === 1, { timeout: 5_000 });
  });

  it('are answered with what to do while the service is away', async () => {
    runner.closeAllConnections();
    await new Promise((closed) => runner.close(closed));
    const answer = await fetch(`${url}/runs`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      503,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(await answer.json()).toMatchObject({ status: 503, detail: expect.stringContaining('Try again') });
  });

  it('end when this service stops, also those that would go on for ever', async () => {
    const stream = await fetch(`${url}/runs/r/events`);
    const reading = stream.text();
    stopping.abort();
    await expect(reading).rejects.toThrow();
    await vi.waitUntil(() => left === 1, { timeout: 5_000 });
  });
});
