import { ConfigError } from '@countersign/contracts/problems';
import { describe, expect, it } from 'vitest';
import { generateKey, keysFromText, publicJwks } from './key-ring.js';
import { Verifier } from '../signature/verifier.js';

const key = await generateKey();
const other = await generateKey();
const { d: secret, ...publicKey } = key;
const { kid: _, ...unnamed } = key;
const text = (...keys: object[]) => JSON.stringify({ keys });

describe('a new key', () => {
  it('is an Ed25519 JWK for signatures, another each time', () => {
    expect(key).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x: expect.stringMatching(/^[\w-]{43}$/),
      d: expect.stringMatching(/^[\w-]{43}$/),
      kid: expect.stringMatching(/^[\w-]{43}$/),
      alg: 'EdDSA',
      use: 'sig',
    });
    expect(other.d).not.toBe(key.d);
  });
});

describe('the keys of a text', () => {
  /** RFC 8037, appendix A.1 to A.3. */
  it('are named by their thumbprint unless they have a name', async () => {
    const rfc = {
      kty: 'OKP',
      crv: 'Ed25519',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    };
    const ring = await keysFromText(JSON.stringify(rfc));
    expect(ring.signingKey.kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
    expect((await keysFromText(JSON.stringify({ ...rfc, kid: 'mine' }))).signingKey.kid).toBe('mine');
  });

  it('sign with the first private one, and are all published', async () => {
    const last = await generateKey();
    const ring = await keysFromText(text(publicKey, other, last));
    expect(ring.signingKey.kid).toBe(other.kid);
    expect(publicJwks(ring).keys.map(({ kid }) => kid)).toEqual([key.kid, other.kid, last.kid]);
  });

  it('are published without a secret, and without what else a key says of itself', async () => {
    const ring = await keysFromText(text({ ...key, note: 'ours', key_ops: ['sign'] }, other));
    expect(publicJwks(ring).keys[0]).toEqual(publicKey);
    const published = JSON.stringify([publicJwks(ring), ring]);
    for (const d of [secret, other.d]) expect(published).not.toContain(d);
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', `{"d":"${secret}"`, /must be JSON$/],
    ['nothing', '', /must be JSON/],
    ['no key', '"key"', /must be an Ed25519 key/],
    ['no keys', text(), /keys: /],
    ['another kind of key', text({ ...key, kty: 'EC' }), /keys\.0\.kty/],
    ['another curve', JSON.stringify({ ...key, crv: 'X25519' }), /crv/],
    ['a key for encryption', JSON.stringify({ ...key, use: 'enc' }), /use/],
    ['half a key', JSON.stringify({ ...key, d: secret.slice(1) }), /d: must be 32 bytes/],
    ['only public keys', text(publicKey), /no private key to sign with/],
    ['the same key twice', text(key, publicKey), /two keys have the name/],
    ['two keys of one name', text(key, { ...other, kid: key.kid }), /two keys have the name/],
    ['the halves of two keys', JSON.stringify({ ...unnamed, x: other.x }), /Ed25519 key|of different keys/],
  ])('are refused when there is %s, and no error tells a secret', async (_, given, reason) => {
    const error = await keysFromText(given, 'DECISION_SIGNING_KEYS').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(reason);
    expect((error as Error).message).toMatch(/^DECISION_SIGNING_KEYS: /);
    expect((error as Error).message).not.toContain(secret.slice(1));
    expect((error as Error).cause).toBeUndefined();
  });
});

describe('the keys to verify with', () => {
  it('may be one JWK, a JWKS, or either parsed', async () => {
    await Verifier.fromJwks(JSON.stringify(publicKey));
    await Verifier.fromJwks(text(publicKey));
    await Verifier.fromJwks({ keys: [publicKey] });
  });

  it('are refused with a private one among them', async () => {
    await expect(Verifier.fromJwks(text(publicKey, other))).rejects.toThrow(ConfigError);
    await expect(Verifier.fromJwks(text(publicKey, other))).rejects.toThrow(/there is a private one/);
  });
});
