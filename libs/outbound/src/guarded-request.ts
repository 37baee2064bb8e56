import { once } from 'node:events';
import {
  request as requestHttp,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { allowedAddresses, ForbiddenAddress, only, type Guard } from './address-guard.js';
import { proxyInUse, type ProxyOf } from './proxy/proxies.js';
import { tunnelTo } from './proxy/tunnel.js';

export interface GuardedRequest extends Guard {
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array | undefined;
  /** Bytes of the answer that are read. */
  maxAnswer: number;
  /** Default: as the environment of the process says. */
  proxyOf?: ProxyOf;
  signal: AbortSignal;
  /** Is awaited once there is a connection, right before the first byte is sent; what it throws is thrown. */
  beforeSend?: () => Promise<void>;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Whether that is all of it: there may be more than is read, or the connection was lost meanwhile. */
  read: 'whole' | 'in_part' | 'broken_off';
}

/** No connection could be made, so that the receiver has seen nothing. */
export class NotSent extends Error {
  override name = 'NotSent';
}

/**
 * One request to where the guard lets it, with no redirect followed.
 *
 * @throws ForbiddenAddress, NotSent, or why there was no answer to what may have been received.
 */
export async function guardedRequest(url: URL, options: GuardedRequest): Promise<Answer> {
  const { maxAnswer, signal } = options;
  const isSecure = url.protocol === 'https:';
  let request: ClientRequest | undefined;
  let isConnected = false;
  try {
    request = (isSecure ? requestHttps : requestHttp)(url, {
      method: options.method,
      headers: headersOf(options),
      ...(await wayTo(url, options)),
      signal,
    });
    const connected = Promise.withResolvers<void>();
    request.once('socket', (socket) =>
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        isConnected = true;
        connected.resolve();
      }),
    );
    // A failure after the head is an error of the body, and must have a listener.
    request.on('error', connected.reject);
    await connected.promise;
    await mayBeSent(request, options);
    request.end(options.body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode!, headers: response.headers, ...(await read(response, maxAnswer)) };
  } catch (error) {
    if (isConnected || error instanceof ForbiddenAddress) throw error;
    request?.destroy();
    throw new NotSent(reasonOf(error, signal));
  }
}

/** By a connection of its own, made now to an address that was checked now, or through a proxy; directly to what may be private. */
async function wayTo(url: URL, options: GuardedRequest): Promise<RequestOptions> {
  const { allowPrivate, proxyOf = proxyInUse, signal } = options;
  const proxy = allowPrivate ? undefined : proxyOf(url);
  const addresses = await allowedAddresses(url, options).catch((error: unknown) => {
    // Where there is a proxy, names of the internet may be known to it alone.
    if (!proxy || error instanceof ForbiddenAddress) throw error;
    return [];
  });
  signal.throwIfAborted();
  return proxy
    ? { createConnection: await tunnelTo(url, proxy, signal), defaultPort: 443 }
    : { agent: false, lookup: only(addresses) };
}

async function mayBeSent(request: ClientRequest, { beforeSend }: GuardedRequest): Promise<void> {
  try {
    await beforeSend?.();
  } catch (error) {
    request.destroy();
    throw error;
  }
}

const headersOf = ({ body, headers, method }: GuardedRequest): Record<string, string> =>
  body === undefined && (method === 'GET' || method === 'DELETE')
    ? headers
    : { ...headers, 'content-length': String(Buffer.byteLength(body ?? '')) };

/** Lets the sender finish its answer, unless that is long or late. */
async function read(response: IncomingMessage, max: number): Promise<Pick<Answer, 'body' | 'read'>> {
  const chunks: Buffer[] = [];
  let length = 0;
  const body = () => Buffer.concat(chunks).subarray(0, max);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > max) return { body: body(), read: 'in_part' };
    }
    return { body: body(), read: 'whole' };
  } catch {
    return { body: body(), read: 'broken_off' };
  }
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) {
    const { reason } = signal as { reason: unknown };
    if (!(reason instanceof Error)) return String(reason);
    return reason.name === 'TimeoutError' ? 'no connection in time' : reason.message;
  }
  // Of several addresses each has failed for a reason of its own.
  if (error instanceof AggregateError) return error.errors.map((each) => (each as Error).message).join('; ');
  return error instanceof Error ? error.message : String(error);
}
