import { makeCertificates, type Certificates } from '@countersign/infra';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ForbiddenAddress } from '../address-guard.js';
import { guardedRequest, NotSent, type GuardedRequest } from '../guarded-request.js';
import { proxiesOf } from './proxies.js';

const host = 'target.example';

describe('a guarded request through a proxy', () => {
  const trusted = getCACertificates();
  let certificates: Certificates;
  let target: HttpsServer;
  let proxy: Server;
  let asked: string[];
  let received: string[];
  /** What stands behind the proxy, or what it answers instead. */
  let behind: Server | number;
  const portOf = (server: Server) => (server.address() as AddressInfo).port;
  beforeAll(async () => {
    certificates = await makeCertificates(host);
    setDefaultCACertificates([...trusted, certificates.ca]);
    target = createHttpsServer(certificates.server, (request, reply) => {
      received.push(`${request.method} ${request.headers.host}${request.url}`);
      reply.end('done');
    });
    proxy = createHttpServer().on('connect', (request, client) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? 'nobody'}`);
      client.on('error', () => {});
      if (typeof behind === 'number') return void client.end(`HTTP/1.1 ${behind} No\r\nContent-Length: 0\r\n\r\n`);
      const server = connect(portOf(behind), '127.0.0.1').on('error', () => client.destroy());
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    for (const server of [target, proxy]) await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    setDefaultCACertificates(trusted);
    for (const server of [target, proxy]) server.close();
  });
  beforeEach(() => void ([asked, received, behind] = [[], [], target]));
  afterEach(() => target.closeAllConnections());

  const send = (url: string, options: Partial<GuardedRequest> & { env?: Record<string, string> } = {}) =>
    guardedRequest(new URL(url), {
      method: 'POST',
      headers: {},
      body: 'x',
      maxAnswer: 1_000,
      signal: AbortSignal.timeout(10_000),
      resolve: async () => Promise.reject(new Error('ENOTFOUND')),
      allowPrivate: false,
      proxyOf: proxiesOf({ HTTPS_PROXY: `http://me:s%3Acret@127.0.0.1:${portOf(proxy)}`, ...options.env }),
      ...options,
    });

  it('reaches a host by its name, which the proxy alone may know, after the last look', async () => {
    const looked: string[] = [];
    const beforeSend = async () => void looked.push(`${asked.length} asked, ${received.length} received`);
    expect(await send(`https://${host}/a`, { beforeSend })).toMatchObject({ status: 200, body: Buffer.from('done') });
    expect(asked).toEqual([`${host}:443 Basic ${btoa('me:s:cret')}`]);
    expect(received).toEqual([`POST ${host}/a`]);
    expect(looked).toEqual(['1 asked, 0 received']);
  });

  it('shows nothing to who has no certificate for that name, wherever the proxy leads', async () => {
    await expect(send('https://another.example/')).rejects.toThrow(NotSent);
    await expect(send('https://another.example/')).rejects.toThrow(/another\.example/);
    expect(asked).toHaveLength(2);
    expect(received).toEqual([]);
  });

  it.each([
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/latest',
    'http://target.example/',
    'https://internal.example/',
  ])('does not go to %s, which is not public', async (url) => {
    const resolve = async () => ['10.0.0.1'];
    await expect(send(url, { resolve })).rejects.toThrow(ForbiddenAddress);
    expect(asked).toEqual([]);
  });

  it('is not used for what may be private, which is reached directly', async () => {
    const resolve = async () => ['127.0.0.1'];
    const options = { resolve, allowPrivate: true };
    expect(await send(`https://${host}:${portOf(target)}/near`, options)).toMatchObject({ status: 200 });
    expect(asked).toEqual([]);
  });

  it.each([403, 407, 502])('is not sent when the proxy answers %i', async (status) => {
    behind = status;
    await expect(send(`https://${host}/`)).rejects.toThrow(new NotSent(`the proxy answered ${status}`));
    expect(received).toEqual([]);
  });

  it('is not sent when the proxy is away, or when time is over', async () => {
    await expect(send(`https://${host}/`, { env: { HTTPS_PROXY: 'http://127.0.0.1:1' } })).rejects.toThrow(NotSent);
    const silent = createHttpServer().on('connect', () => {});
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const env = { HTTPS_PROXY: `http://127.0.0.1:${portOf(silent)}` };
    await expect(send(`https://${host}/`, { env, signal: AbortSignal.timeout(50) })).rejects.toThrow(NotSent);
    silent.closeAllConnections();
    silent.close();
  });
});

describe('the proxy of a URL', () => {
  const of = (url: string, env: Record<string, string>) => proxiesOf(env)(new URL(url))?.host;
  const HTTPS_PROXY = 'http://proxy:8080';

  it.each([
    ['', 'proxy:8080'],
    ['*', undefined],
    ['other.example', 'proxy:8080'],
    ['a.example', undefined],
    ['A.Example', undefined],
    ['.example', undefined],
    ['*.example', undefined],
    ['example', 'proxy:8080'],
    ['le', 'proxy:8080'],
    ['x, a.example:443', undefined],
    ['a.example:444', 'proxy:8080'],
  ])('with the exceptions "%s" is %s', (NO_PROXY, proxy) => {
    expect(of('https://a.example/', { HTTPS_PROXY, NO_PROXY })).toBe(proxy);
  });

  it('is named by either spelling, and by none that is turned off or of another scheme', () => {
    expect(of('https://a.example/', { https_proxy: HTTPS_PROXY })).toBe('proxy:8080');
    expect(of('https://[2001:db8::1]/', { HTTPS_PROXY, no_proxy: '2001:db8::1' })).toBeUndefined();
    expect(of('https://a.example/', { HTTP_PROXY: HTTPS_PROXY })).toBeUndefined();
    expect(of('https://a.example/', { HTTPS_PROXY, NODE_USE_ENV_PROXY: '0' })).toBeUndefined();
    expect(of('http://a.example/', { HTTPS_PROXY })).toBeUndefined();
  });
});
