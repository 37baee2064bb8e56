import { once } from 'node:events';
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

/**
 * A connection to the host of a URL that a proxy makes by its name. Whatever address the proxy finds, TLS goes to nobody
 * but who has a certificate for that name.
 *
 * @throws when there is none; the host has seen no byte of a request then.
 */
export async function tunnelTo(url: URL, proxy: URL, signal: AbortSignal): Promise<() => TLSSocket> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const path = `${url.hostname}:${url.port || 443}`;
  const { username, password } = proxy;
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const headers = { host: path, ...(username !== '' && { 'proxy-authorization': `Basic ${login}` }) };
  const ask = proxy.protocol === 'https:' ? requestHttps : requestHttp;
  const request = ask(new URL('/', proxy.origin), { method: 'CONNECT', path, headers, agent: false, signal });
  const socket = await connected(request.end());
  return () => connect({ socket, host, ...(isIP(host) === 0 && { servername: host }) });
}

async function connected(request: ClientRequest): Promise<Socket> {
  const refused = once(request, 'response').then(([{ statusCode }]) => {
    throw new Error(`the proxy answered ${(statusCode as number | undefined) ?? 'nothing'}`);
  });
  // Whichever comes first; the other is none of anybody's business.
  refused.catch(() => {});
  const [response, socket] = (await Promise.race([once(request, 'connect'), refused])) as [IncomingMessage, Socket];
  if (response.statusCode === 200) return socket;
  socket.destroy();
  throw new Error(`the proxy answered ${response.statusCode}`);
}
