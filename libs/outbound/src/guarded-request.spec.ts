import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ForbiddenAddress } from './address-guard.js';
import { guardedRequest, NotSent, type GuardedRequest } from './guarded-request.js';

const soon = { timeout: 10_000, interval: 5 };
const soonOver = () => AbortSignal.timeout(300);

describe('a guarded request', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.close();
      if ('closeAllConnections' in server) (server as { closeAllConnections(): void }).closeAllConnections();
    }
  });
  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  let answer: (request: IncomingMessage, reply: ServerResponse) => void;
  let received: { method: string | undefined; url: string | undefined; headers: object; body: string }[];
  let port: number;
  beforeEach(async () => {
    received = [];
    answer = (_, reply) => void reply.end();
    port = await listen(
      createHttpServer(async (request, reply) => {
        const { method, url, headers } = request;
        let body = '';
        for await (const chunk of request) body += String(chunk);
        received.push({ method, url, headers, body });
        answer(request, reply);
      }),
    );
  });

  const send = (url: string, options: Partial<GuardedRequest> = {}) =>
    guardedRequest(new URL(url), {
      method: 'POST',
      headers: {},
      maxAnswer: 1_000,
      signal: AbortSignal.timeout(10_000),
      resolve: async () => ['127.0.0.1'],
      allowPrivate: true,
      ...options,
    });
  const sendHere = (options: Partial<GuardedRequest> = {}) => send(`http://127.0.0.1:${port}/a?b=c`, options);

  it('is sent as it is given, and its answer is read', async () => {
    answer = (_, reply) => void reply.writeHead(201, { 'x-answer': 'yes' }).end('done');
    expect(await sendHere({ headers: { 'x-asked': 'é'.normalize() }, body: '{"é":1}' })).toMatchObject({
      status: 201,
      headers: { 'x-answer': 'yes' },
      body: Buffer.from('done'),
      read: 'whole',
    });
    expect(received).toMatchObject([
      { method: 'POST', url: '/a?b=c', headers: { 'content-length': '8' }, body: '{"é":1}' },
    ]);
  });

  it.each([
    ['POST', '0'],
    ['GET', undefined],
    ['DELETE', undefined],
  ])('of %s may have no body', async (method, length) => {
    await sendHere({ method });
    expect((received[0]!.headers as Record<string, string>)['content-length']).toBe(length);
  });

  it('follows no redirect', async () => {
    answer = (_, reply) => void reply.writeHead(307, { location: '/elsewhere' }).end();
    expect(await sendHere()).toMatchObject({ status: 307 });
    expect(received).toHaveLength(1);
  });

  it('reads so much of an answer and no more', async () => {
    answer = (_, reply) => void reply.end('x'.repeat(1_001));
    expect(await sendHere()).toMatchObject({ body: Buffer.from('x'.repeat(1_000)), read: 'in_part' });
    answer = (_, reply) => void reply.end('x'.repeat(1_000));
    expect(await sendHere()).toMatchObject({ body: Buffer.from('x'.repeat(1_000)), read: 'whole' });
  });

  it('says when an answer was broken off', async () => {
    answer = (_, reply) => {
      reply.writeHead(200, { 'content-length': '100' });
      reply.write('half', () => reply.destroy());
    };
    expect(await sendHere()).toMatchObject({ status: 200, body: Buffer.from('half'), read: 'broken_off' });
  });

  it('goes to the address that was checked, under the name that was asked for', async () => {
    await send(`http://target.invalid:${port}/`);
    expect(received).toMatchObject([{ headers: { host: `target.invalid:${port}` } }]);
  });

  it.each([`http://127.0.0.1:1/`, 'https://127.0.0.1:1/', 'https://target.invalid/'])(
    'to %s goes nowhere unless private addresses are allowed',
    async (url) => {
      await expect(send(url, { allowPrivate: false })).rejects.toThrow(ForbiddenAddress);
    },
  );

  describe('was not sent for sure', () => {
    it('when nobody listens', async () => {
      const closed = createServer();
      const free = await listen(closed);
      closed.close();
      await once(closed, 'close');
      const sent = send(`http://127.0.0.1:${free}/`);
      await expect(sent).rejects.toThrow(NotSent);
      await expect(sent).rejects.toThrow('ECONNREFUSED');
    });

    it('when nobody listens at any of several addresses', async () => {
      const closed = createServer();
      const free = await listen(closed);
      closed.close();
      await once(closed, 'close');
      const sent = send(`http://target.invalid:${free}/`, { resolve: async () => ['127.0.0.1', '127.0.0.2'] });
      await expect(sent).rejects.toThrow(NotSent);
      await expect(sent).rejects.toThrow('127.0.0.2');
    });

    it('when the name has no address', async () => {
      const resolve = () => Promise.reject(new Error('getaddrinfo ENOTFOUND target.invalid'));
      const sent = send('https://target.invalid/', { resolve });
      await expect(sent).rejects.toThrow(NotSent);
      await expect(sent).rejects.toThrow('ENOTFOUND');
    });

    it('when the connection cannot be made secret', async () => {
      await expect(send(`https://127.0.0.1:${port}/`, { body: 'secret' })).rejects.toThrow(NotSent);
      expect(received).toEqual([]);
    });

    it('when time is over before the connection is secret', async () => {
      const sockets: Socket[] = [];
      const silent = await listen(createServer((socket) => sockets.push(socket)));
      await expect(send(`https://127.0.0.1:${silent}/`, { signal: soonOver() })).rejects.toThrow(
        new NotSent('no connection in time'),
      );
      for (const socket of sockets) socket.destroy();
    });

    it('when it was stopped before', async () => {
      const signal = AbortSignal.abort(new Error('requested by ada'));
      await expect(sendHere({ signal })).rejects.toThrow(new NotSent('requested by ada'));
      expect(received).toEqual([]);
    });
  });

  describe('may have been received', () => {
    const failure = (sent: Promise<unknown>) => sent.then(() => undefined).catch((error: unknown) => error);

    it('when the connection is lost', async () => {
      answer = (request) => void request.socket.destroy();
      const error = await failure(sendHere());
      expect(error).toMatchObject({ message: 'socket hang up' });
      expect(error).not.toBeInstanceOf(NotSent);
      expect(received).toHaveLength(1);
    });

    it('when there is no answer in time', async () => {
      answer = () => {};
      const error = await failure(sendHere({ signal: soonOver() }));
      expect(error).toMatchObject({ name: 'AbortError' });
      expect(received).toHaveLength(1);
    });

    it('when the answer cannot be understood', async () => {
      const garbled = await listen(createServer((socket) => socket.once('data', () => socket.end('garbage\r\n\r\n'))));
      const error = await failure(send(`http://127.0.0.1:${garbled}/`));
      expect(error).toMatchObject({ code: expect.stringMatching(/^HPE_/) });
    });

    it('when it is stopped meanwhile, and then its connection is closed', async () => {
      const stopping = new AbortController();
      let isClosed = false;
      answer = (request) => {
        request.socket.once('close', () => (isClosed = true));
        stopping.abort(new Error('requested by ada'));
      };
      expect(await failure(sendHere({ signal: stopping.signal }))).toMatchObject({ name: 'AbortError' });
      await expect.poll(() => isClosed, soon).toBe(true);
    });
  });
});
