import { authenticationOf } from '@countersign/auth';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';

/** Without an id it is only of the moment. */
export interface ServerSentEvent {
  id?: string;
  event: string;
  data: object;
}

/** While nothing happens a comment is sent this often, so that no proxy closes the connection. */
const keepAliveEveryMs = 15_000;

/**
 * Answers with events as they happen (the WHATWG's Server-Sent Events); a client that leaves ends it, and so does the
 * end of the credential that it was opened with. One who does not read for a while is dropped, and resumes with
 * `Last-Event-ID`.
 *
 * @param events undefined from time to time while nothing happens, which keeps the connection alive.
 */
export function sendEvents(
  reply: FastifyReply,
  events: AsyncGenerator<ServerSentEvent | undefined, void>,
  { stalledMs = defaultStalledMs } = {},
): void {
  const { ended, release } = authenticationOf(reply.request)?.watch() ?? unwatched();
  reply.raw.once('close', release);
  // One who does not read what there is does not hear of the end either.
  ended.addEventListener('abort', () => setTimeout(() => reply.raw.destroy(), lastWordsMs).unref(), { once: true });
  void reply
    .status(200)
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(framesOf(until(ended, events), { stalledMs, drop: () => reply.raw.destroy() })));
}

const unwatched = () => ({ ended: new AbortController().signal, release() {} });

/** Milliseconds that a frame may wait to be taken. */
const defaultStalledMs = 30_000;

/** Milliseconds to take the end of a stream. */
const lastWordsMs = 500;

/** What comes until the signal aborts, which ends any wait at once. */
async function* until<T>(ended: AbortSignal, events: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  let stop = () => {};
  const end = () => stop();
  ended.addEventListener('abort', end);
  try {
    while (!ended.aborted) {
      const stopped = new Promise<undefined>((resolve) => (stop = () => resolve(undefined)));
      const next = await Promise.race([events.next(), stopped]);
      if (!next || next.done) return;
      yield next.value;
    }
  } finally {
    ended.removeEventListener('abort', end);
    // It may still wait for something, which is not awaited here.
    events.return().catch(() => {});
  }
}

interface Patience {
  stalledMs: number;
  drop(): void;
}

async function* framesOf(
  events: AsyncGenerator<ServerSentEvent | undefined, void>,
  { stalledMs, drop }: Patience,
): AsyncGenerator<string> {
  // The head of the answer goes with the first bytes, and a client waits for it.
  yield ': here\n\n';
  let last = Date.now();
  for await (const event of events) {
    if (!event && Date.now() - last < keepAliveEveryMs) continue;
    last = Date.now();
    const stalled = setTimeout(drop, stalledMs).unref();
    yield event ? frameOf(event) : ': still here\n\n';
    clearTimeout(stalled);
  }
}

/** An event for many readers is encoded once. */
const encoded = new WeakMap<object, string>();

function frameOf({ id, event, data }: ServerSentEvent): string {
  const json = encoded.get(data) ?? JSON.stringify(data);
  encoded.set(data, json);
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`;
}
