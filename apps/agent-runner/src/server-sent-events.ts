import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import type { StreamedEvent } from './run-stream.js';

/** While nothing happens a comment is sent this often, in milliseconds, so that nobody between closes the connection. */
const keepAliveEvery = 15_000;

/** Answers with events as they happen (the WHATWG's Server-Sent Events); a client that leaves ends it. */
export function sendEvents(reply: FastifyReply, events: AsyncGenerator<StreamedEvent | undefined, void>): void {
  void reply
    .status(200)
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(framesOf(events)));
}

async function* framesOf(events: AsyncGenerator<StreamedEvent | undefined, void>): AsyncGenerator<string> {
  let last = 0;
  for await (const event of events) {
    if (!event && Date.now() - last < keepAliveEvery) continue;
    last = Date.now();
    yield event ? frameOf(event) : ': still here\n\n';
  }
}

const frameOf = ({ id, event, data }: StreamedEvent): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
