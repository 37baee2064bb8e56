import { ConfigError } from '@countersign/contracts/problems';
import { CompactSign, compactVerify, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { algorithm } from './header.js';
import { importKey, named, publicJwk, readJwks, type NamedJwk, type PrivateJwk, type PublicJwk } from './jwk.js';

/** What decisions are signed with. */
export interface SigningKey {
  kid: string;
  /** The public half, as in its JWK. */
  x: string;
  privateKey: KeyObject;
}

/** The key that signs now, and every key whose decisions still count: its own public half among them. */
export interface KeyRing {
  signingKey: SigningKey;
  publicKeys: readonly PublicJwk[];
}

/** A new key, named by its thumbprint. */
export async function generateKey(): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const { x, d } = await exportJWK(privateKey);
  return (await named({ kty: 'OKP', crv: 'Ed25519', x: x!, d: d! })) as PrivateJwk;
}

/**
 * The ring of a JWK, or of a JWKS in which the first private key signs. To replace a key put the new one first and
 * keep the old public one for as long as its decisions are about. Where several instances sign, first add the new
 * key behind the old one everywhere, so that it is published before it is used.
 *
 * @throws ConfigError
 */
export async function keysFromText(text: string, source = 'The signing keys'): Promise<KeyRing> {
  const jwks = await readJwks(text, source);
  const first = jwks.find(({ d }) => d);
  if (!first) throw new ConfigError(`${source}: there is no private key to sign with`);
  return { signingKey: await signingKey(first, source), publicKeys: jwks.map(publicJwk) };
}

/** The keys to verify with, for `/.well-known/jwks.json`. */
export const publicJwks = ({ publicKeys }: KeyRing): { keys: PublicJwk[] } => ({ keys: publicKeys.map(publicJwk) });

async function signingKey(jwk: NamedJwk, source: string): Promise<SigningKey> {
  const privateKey = await importKey(jwk, source);
  if (!(await belongTogether(privateKey, await importKey(publicJwk(jwk), source)))) {
    throw new ConfigError(`${source}: the private and the public part of ${jwk.kid} are of different keys`);
  }
  return { kid: jwk.kid, x: jwk.x, privateKey: keyObject(jwk) };
}

const keyObject = ({ kty, crv, x, d }: NamedJwk): KeyObject =>
  createPrivateKey({ key: { kty, crv, x, d: d! }, format: 'jwk' });

/** Otherwise everything that is signed would be refused, for no visible reason. */
async function belongTogether(privateKey: CryptoKey, publicKey: CryptoKey): Promise<boolean> {
  const jws = await new CompactSign(new Uint8Array()).setProtectedHeader({ alg: algorithm }).sign(privateKey);
  return compactVerify(jws, publicKey).then(
    () => true,
    () => false,
  );
}
