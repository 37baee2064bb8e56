import { once } from 'node:events';
import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { allowedAddresses, only, type Guard } from './address-guard.js';

const maxAnswer = 64 * 1024;

/**
 * One POST to where the guard lets it, with no redirect followed. Of the answer only the head counts.
 *
 * @throws ForbiddenAddress, or why there was no answer.
 */
export async function guardedPost(
  url: URL,
  { headers, body, signal, ...guard }: Guard & { headers: Record<string, string>; body: string; signal: AbortSignal },
): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  const addresses = await allowedAddresses(url, guard);
  signal.throwIfAborted();
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = send(url, {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    // A connection of its own, made now, to an address that was checked now.
    agent: false,
    lookup: only(addresses),
    signal,
  });
  // What fails after the head has arrived is of no interest, and must have a listener.
  request.on('error', () => {});
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await drain(response);
  return { status: response.statusCode!, headers: response.headers };
}

/** Lets the receiver finish its answer, unless that is long or late. */
async function drain(response: IncomingMessage): Promise<void> {
  let length = 0;
  try {
    for await (const chunk of response) {
      length += (chunk as Buffer).length;
      if (length > maxAnswer) break;
    }
  } catch {
    // It was broken off; the status had arrived.
  }
}
