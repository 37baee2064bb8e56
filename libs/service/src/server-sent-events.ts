import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';

/** Without an id it is only of the moment. */
export interface ServerSentEvent {
  id?: string;
  event: string;
  data: object;
}

/** While nothing happens a comment is sent this often, in milliseconds, so that nobody between closes the connection. */
const keepAliveEvery = 15_000;

/**
 * Answers with events as they happen (the WHATWG's Server-Sent Events); a client that leaves ends it.
 *
 * @param events undefined from time to time while nothing happens, which keeps the connection alive.
 */
export function sendEvents(reply: FastifyReply, events: AsyncGenerator<ServerSentEvent | undefined, void>): void {
  void reply
    .status(200)
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(framesOf(events)));
}

async function* framesOf(events: AsyncGenerator<ServerSentEvent | undefined, void>): AsyncGenerator<string> {
  // The head of the answer goes with the first bytes, and a client waits for it.
  yield ': here\n\n';
  let last = Date.now();
  for await (const event of events) {
    if (!event && Date.now() - last < keepAliveEvery) continue;
    last = Date.now();
    yield event ? frameOf(event) : ': still here\n\n';
  }
}

const frameOf = ({ id, event, data }: ServerSentEvent): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
