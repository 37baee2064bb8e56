import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { httpFetch } from './http-fetch.js';

describe('fetch over an agent that keeps connections', () => {
  let server: Server;
  const sockets = new Set<Socket>();
  const serve = async (listener: RequestListener) => {
    server = createServer(listener).on('connection', (socket) => sockets.add(socket));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  };
  afterEach(() => {
    sockets.clear();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  const echo: RequestListener = (request, reply) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => reply.writeHead(200, { 'x-method': request.method }).end(Buffer.concat(parts)));
  };

  it('sends a text as it is, byte for byte, and answers with what came back', async () => {
    const url = await serve(echo);
    const answer = await httpFetch(url, { method: 'POST', body: '{"text":"Übertragung 💳"}' });
    expect([answer.status, answer.ok, answer.headers.get('x-method')]).toEqual([200, true, 'POST']);
    expect(await answer.json()).toEqual({ text: 'Übertragung 💳' });
  });

  it('keeps its connection for the next request', async () => {
    const url = await serve(echo);
    for (let n = 0; n < 3; n++) await (await httpFetch(url, { method: 'POST', body: String(n) })).text();
    expect(sockets.size).toBe(1);
  });

  it('asks again over a new connection when the server had closed the one that was kept', async () => {
    let requests = 0;
    const url = await serve((request, reply) => {
      requests += 1;
      if (requests === 2) request.socket.resetAndDestroy();
      else echo(request, reply);
    });
    await (await httpFetch(url, { method: 'POST', body: '1' })).text();
    expect(await (await httpFetch(url, { method: 'POST', body: '2' })).text()).toBe('2');
    expect([requests, sockets.size]).toEqual([3, 2]);
  });

  it('fails when a new connection is broken, and when nobody listens', async () => {
    const url = await serve((request) => request.socket.resetAndDestroy());
    await expect(httpFetch(url, { method: 'POST', body: '1' })).rejects.toThrow(/ECONNRESET|socket hang up/);
    await expect(httpFetch('http://127.0.0.1:1/', {})).rejects.toThrow('ECONNREFUSED');
  });

  it('ends with its signal, before an answer and within one', async () => {
    const url = await serve((request, reply) => {
      request.resume();
      if (request.url === '/v1/begun') reply.writeHead(200).write('{');
    });
    for (const path of ['', '/begun']) {
      const abort = new AbortController();
      const asked = httpFetch(url + path, { method: 'POST', body: '{}', signal: abort.signal }).then((a) => a.text());
      await once(server, 'request');
      abort.abort();
      await expect(asked).rejects.toThrow(/abort/);
    }
  });

  it('hands a stream on while it comes', async () => {
    const url = await serve((_, reply) =>
      reply.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n'),
    );
    const { body } = await httpFetch(url, { method: 'POST', body: '{}' });
    const { value } = await body!.getReader().read();
    expect(Buffer.from(value!).toString()).toBe('data: 1\n\n');
  });

  it('follows a redirection', async () => {
    const url = await serve((request, reply) => {
      if (request.url === '/v1') reply.writeHead(307, { location: '/v2' }).end();
      else echo(request, reply);
    });
    expect(await (await httpFetch(url, { method: 'POST', body: 'moved' })).text()).toBe('moved');
  });

  it('has no body where there can be none', async () => {
    const url = await serve((_, reply) => reply.writeHead(204).end());
    expect((await httpFetch(url, { method: 'POST', body: '{}' })).body).toBeNull();
  });
});
