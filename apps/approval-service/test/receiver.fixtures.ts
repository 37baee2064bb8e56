import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

const piece = Buffer.alloc(16 * 1024);

interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What to answer, or nothing at all. A body that is a number stands for so many bytes. */
type Answer = { status: number; headers?: Record<string, string>; body?: string | number } | 'hang';

export interface Receiver {
  port: number;
  url: string;
  /** Every request so far, oldest first. */
  received: Received[];
  /** Bytes of the last answer that were taken off its hands. */
  readonly written: number;
  answerWith(answer: (request: Received, n: number) => Answer): void;
  stop(): Promise<void>;
}

/** An HTTP server on a port of this machine that keeps what it is sent. By default it answers 204. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let answer: (request: Received, n: number) => Answer = () => ({ status: 204 });
  let written = 0;
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { headers, method = '', url: path = '' } = request;
    const one = { method, path, headers, body: Buffer.concat(chunks).toString() };
    received.push(one);
    const given = answer(one, received.length);
    if (given === 'hang') return;
    const { status, body = '' } = given;
    reply.writeHead(status, given.headers);
    if (typeof body === 'string') return void reply.end(body);
    const pieces = function* () {
      for (written = 0; written < body; written += piece.length) yield piece;
    };
    await pipeline(pieces, reply).catch(() => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    received,
    get written() {
      return written;
    },
    answerWith: (next) => (answer = next),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
