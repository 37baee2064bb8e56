import { ConfigError, RetryableError } from '@countersign/contracts/problems';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { claims } from '../../test/claims.fixtures.js';
import { generateKey, keysFromText, publicJwks, type KeyRing } from './key-ring.js';
import type { RemoteKeysOptions } from './remote-keys.js';
import { signDecision } from '../signature/sign.js';
import { SignatureError } from '../signature/signature-error.js';
import { Verifier } from '../signature/verifier.js';

const newRing = async (): Promise<KeyRing> => keysFromText(JSON.stringify(await generateKey()));
const old = await newRing();
const next = await newRing();
const signedBy = ({ signingKey }: KeyRing) => signDecision(signingKey, claims);

/** A server that publishes a ring, or answers as it is told. */
async function publisher(options?: RemoteKeysOptions) {
  const site = { ring: old, answer: undefined as RequestListener | undefined, requests: 0 };
  const server = createServer((request, response) => {
    site.requests++;
    if (site.answer) return site.answer(request, response);
    return response.setHeader('content-type', 'application/json').end(JSON.stringify(publicJwks(site.ring)));
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => (server.listening ? close() : undefined));
  const waited: number[] = [];
  const wait = async (ms: number) => {
    waited.push(ms);
    vi.setSystemTime(Date.now() + ms);
  };
  const verifier = Verifier.fromUrl(`http://127.0.0.1:${port}/.well-known/jwks.json`, { wait, ...options });
  return { site, verifier, waited, close, reopen: () => listen(port) };
}

describe('keys that are published at a URL', () => {
  /** Only the clock: it stands still until it is set. */
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('are fetched once, and only when there is something to verify', async () => {
    const { site, verifier } = await publisher();
    expect(site.requests).toBe(0);
    const jws = await signedBy(old);
    expect(await Promise.all([1, 2, 3].map(() => verifier.verify(jws)))).toEqual([claims, claims, claims]);
    expect(await verifier.verify(jws)).toEqual(claims);
    expect(site.requests).toBe(1);
  });

  it('are not asked for because of a text that cannot be a decision', async () => {
    const { site, verifier } = await publisher();
    await expect(verifier.verify('a.b.c')).rejects.toThrow(SignatureError);
    expect(site.requests).toBe(0);
  });

  it('are waited for during an outage: no decision is refused for it', async () => {
    const { verifier, close, reopen } = await publisher();
    await close();
    const jws = await signedBy(old);
    await expect(verifier.verify(jws)).rejects.toThrow(RetryableError);
    await expect(verifier.verify(jws)).rejects.toThrow(/^The keys at http:\/\/127\.0\.0\.1:\d+\/\S+ are not .*REFUSED/);
    await reopen();
    expect(await verifier.verify(jws)).toEqual(claims);
  });

  it('that are known are enough while the server is away', async () => {
    const { verifier, close } = await publisher();
    const jws = await signedBy(old);
    await verifier.verify(jws);
    await close();
    expect(await verifier.verify(jws)).toEqual(claims);
  });

  it('are fetched again when they are old, so that a withdrawn key ends', async () => {
    const { site, verifier } = await publisher();
    const jws = await signedBy(old);
    await verifier.verify(jws);
    site.ring = next;
    expect(await verifier.verify(jws)).toEqual(claims);
    vi.setSystemTime(Date.now() + 600_000);
    await expect(verifier.verify(jws)).rejects.toThrow(SignatureError);
  });

  it('are fetched again for a key that is not known, which is then known', async () => {
    const { site, verifier, waited } = await publisher();
    await verifier.verify(await signedBy(old));
    site.ring = next;
    expect(await verifier.verify(await signedBy(next))).toEqual(claims);
    expect([site.requests, waited]).toEqual([2, [50]]);
  });

  it('refuse a key that is unknown after they were fetched for it, and take it once it is published', async () => {
    const { site, verifier } = await publisher();
    await verifier.verify(await signedBy(old));
    const jws = await signedBy(next);
    await expect(verifier.verify(jws)).rejects.toThrow(SignatureError);
    // Whoever names a key before it is published keeps nobody from using it.
    site.ring = next;
    expect(await verifier.verify(jws)).toEqual(claims);
  });

  it('refuse an unknown key at the first fetch', async () => {
    const { site, verifier } = await publisher();
    await expect(verifier.verify(await signedBy(next))).rejects.toThrow(SignatureError);
    expect(site.requests).toBe(1);
  });

  it('are fetched once for all unknown keys that wait, so that nobody holds up others by making names up', async () => {
    const { site, verifier, waited } = await publisher();
    await verifier.verify(await signedBy(old));
    const forged = await Promise.all(Array.from({ length: 20 }, async () => signedBy(await newRing())));
    const verdicts = await Promise.allSettled(forged.map((jws) => verifier.verify(jws)));
    for (const verdict of verdicts) expect(verdict).toMatchObject({ reason: expect.any(SignatureError) });
    expect([site.requests, waited]).toEqual([2, [50]]);
  });

  it('are not fetched more often than the spacing says, however many names come one by one', async () => {
    const { site, verifier, waited } = await publisher();
    await verifier.verify(await signedBy(old));
    for (let n = 0; n < 5; n++)
      await expect(verifier.verify(await signedBy(await newRing()))).rejects.toThrow(SignatureError);
    expect([site.requests, waited]).toEqual([6, [50, 50, 50, 50, 50]]);
    // Known keys wait for none of that.
    expect(await verifier.verify(await signedBy(old))).toEqual(claims);
    expect(site.requests).toBe(6);
  });

  it('that were asked for before a key was published do not refuse it', async () => {
    const { site, verifier } = await publisher();
    await verifier.verify(await signedBy(old));
    const before = publicJwks(old);
    let answer: (() => void) | undefined;
    site.answer = (_, response) => {
      site.answer = undefined;
      answer = () => response.setHeader('content-type', 'application/json').end(JSON.stringify(before));
    };
    const forged = verifier.verify(await signedBy(await newRing()));
    await expect.poll(() => answer).toBeDefined();
    site.ring = next;
    const genuine = verifier.verify(await signedBy(next));
    answer!();
    await expect(forged).rejects.toThrow(SignatureError);
    expect(await genuine).toEqual(claims);
  });

  it('that were fetched a moment ago say what the public part of a name is, and that there is none', async () => {
    const { verifier } = await publisher();
    await verifier.verify(await signedBy(old));
    for (const kid of ['made-up-1', 'made-up-2']) expect(await verifier.publicPart(kid)).toBeUndefined();
    expect(await verifier.publicPart(old.signingKey.kid)).toBeDefined();
  });

  it.each<[string, RequestListener]>([
    ['an error', (_, response) => response.writeHead(503).end('{"keys":[]}')],
    ['another place', (_, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['no JSON', (_, response) => response.end('<html>')],
    ['no keys', (_, response) => response.end('{"error":"unknown"}')],
    ['the same name for two keys', (_, response) => response.end(JSON.stringify(twice()))],
    ['no answer in time', () => undefined],
  ])('are waited for while the server answers with %s', async (_, answer) => {
    const { site, verifier } = await publisher({ timeoutMs: 500 });
    const jws = await signedBy(old);
    site.answer = answer;
    await expect(verifier.verify(jws)).rejects.toThrow(RetryableError);
  });

  it('are not at a URL with a password, which nothing could be fetched from', () => {
    const url = 'https://user:s3cret@approvals/.well-known/jwks.json';
    expect(() => Verifier.fromUrl(url)).toThrow(ConfigError);
    expect(() => Verifier.fromUrl(url)).toThrow(/^https:\/\/approvals\/.well-known\/jwks.json: /);
  });

  const twice = () => ({
    keys: [...publicJwks(old).keys, ...publicJwks(next).keys].map((key) => ({ ...key, kid: old.signingKey.kid })),
  });
});
