import { once } from 'node:events';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';

/**
 * `fetch` for a client that sends texts and reads answers: over Node's own agent, which keeps connections, at half the
 * work of the built-in one. What it does not do itself, such as following a redirection, it leaves to that.
 */
export const httpFetch = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
  const { body } = init;
  if (url instanceof Request || (body != null && typeof body !== 'string')) return fetch(url, init);
  const answer = await send(new URL(url), init, body ?? '');
  const status = answer.statusCode!;
  if (status >= 300 && status < 400) {
    answer.resume();
    return fetch(url, init);
  }
  const hasBody = status !== 204 && status !== 205 && init.method !== 'HEAD';
  return new Response(hasBody ? await bodyOf(answer) : null, { status, headers: pairsOf(answer.rawHeaders) });
};

async function send(url: URL, init: RequestInit, body: string): Promise<IncomingMessage> {
  const { method = 'GET', signal } = init;
  const given = init.headers instanceof Headers ? init.headers : new Headers(init.headers);
  const headers = { ...Object.fromEntries(given), 'content-length': Buffer.byteLength(body) };
  const ask = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = ask(url, { method, headers, ...(signal && { signal }) });
  // Once there is an answer, what goes wrong is an error of that.
  request.on('error', () => {});
  request.end(body);
  try {
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return answer;
  } catch (error) {
    // The server closed a kept connection while the request was on its way there.
    if (request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return send(url, init, body);
    throw error;
  }
}

/** An answer that is streamed is handed on as it comes; another is read whole, which spares the streams of the web. */
async function bodyOf(answer: IncomingMessage): Promise<Buffer | ReadableStream<Uint8Array>> {
  const isStreamed = answer.headers['content-type']?.startsWith('text/event-stream');
  if (isStreamed) return Readable.toWeb(answer) as ReadableStream<Uint8Array>;
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const pairsOf = (raw: readonly string[]): [name: string, value: string][] =>
  Array.from({ length: raw.length / 2 }, (_, n) => [raw[2 * n]!, raw[2 * n + 1]!]);
