import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { follow } from './event-stream.js';
import { exitCodes } from './exit-codes.js';
import { Server } from '../commands/server.js';

type Answer = (reply: ServerResponse, request: IncomingMessage) => void;

let http: HttpServer;
const asked: (string | undefined)[] = [];
afterEach(() => {
  http.closeAllConnections();
  http.close();
  asked.length = 0;
});

/** A server that answers each connection in its own way, the last way for good. */
async function serving(...answers: Answer[]): Promise<Server> {
  http = createServer((request, reply) => {
    asked.push(request.headers['last-event-id'] as string | undefined);
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    answer(reply, request);
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  return new Server({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, key: 'k' });
}

const events =
  (...ids: number[]): Answer =>
  (reply) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const id of ids) reply.write(`id: ${id}\nevent: n\ndata: ${id}\n\n`);
  };
const broken =
  (answer: Answer): Answer =>
  (reply, request) => {
    answer(reply, request);
    setImmediate(() => reply.destroy());
  };
const refused =
  (status: number): Answer =>
  (reply) =>
    reply
      .writeHead(status, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ type: '', title: '', status, detail: 'No.', code: 'a_code_of_later' }));

async function take(stream: AsyncGenerator<{ data: string }>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const { data } of stream) if (taken.push(data) === count) break;
  return taken;
}

describe('following a stream', () => {
  it('goes on where a connection broke, and says so', async () => {
    const server = await serving(broken(events(1, 2)), broken(events(3)), events(4));
    const breaks: boolean[] = [];
    const stream = follow(server, '/s', { patience: 10_000, onBreak: (isBroken) => breaks.push(isBroken) });
    expect(await take(stream, 4)).toEqual(['1', '2', '3', '4']);
    expect(asked).toEqual([undefined, '2', '3']);
    expect(breaks).toEqual([true, false, true, false]);
  });

  it('goes on through a server that restarts', async () => {
    const server = await serving(broken(events(1)), refused(503), (reply) => void reply.destroy(), events(2));
    expect(await take(follow(server, '/s', { patience: 10_000 }), 2)).toEqual(['1', '2']);
  });

  it('begins after an event that was seen before', async () => {
    const server = await serving(events(8));
    expect(await take(follow(server, '/s', { patience: 0, after: '7' }), 1)).toEqual(['8']);
    expect(asked).toEqual(['7']);
  });

  it('does not wait for a connection that says nothing any more', async () => {
    const server = await serving(events(1), events(2));
    expect(await take(follow(server, '/s', { patience: 10_000, silence: 200 }), 2)).toEqual(['1', '2']);
    expect(asked).toEqual([undefined, '1']);
  });

  it('gives up a server that stays away', async () => {
    const server = await serving(broken(events(1)), (reply) => void reply.destroy());
    await expect(take(follow(server, '/s', { patience: 300 }), 2)).rejects.toMatchObject({
      code: exitCodes.unreachable,
    });
  });

  it('does not insist where it is refused, at once or later', async () => {
    const server = await serving(broken(events(1)), refused(403));
    await expect(take(follow(server, '/s', { patience: 10_000 }), 2)).rejects.toMatchObject({
      code: exitCodes.forbidden,
      message: 'No.',
    });
    await expect(take(follow(server, '/s', { patience: 10_000 }), 1)).rejects.toThrow('No.');
  });

  it('says at once that nobody is there', async () => {
    const server = await serving((reply) => void reply.destroy());
    await expect(take(follow(server, '/s', { patience: 10_000 }), 1)).rejects.toMatchObject({
      code: exitCodes.unreachable,
    });
  });

  it('ends when it is told to, also between two attempts', async () => {
    const server = await serving(broken(events(1)), (reply) => void reply.destroy());
    const stop = new AbortController();
    const onBreak = () => stop.abort();
    expect(await take(follow(server, '/s', { patience: 10_000, signal: stop.signal, onBreak }), 9)).toEqual(['1']);
  });
});
