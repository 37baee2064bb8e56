import { Id } from '@countersign/contracts';
import { ConfigError } from '@countersign/contracts/problems';
import { calculateJwkThumbprint, importJWK, type CryptoKey } from 'jose';
import { z } from 'zod';
import { algorithm } from './header.js';

const thirtyTwoBytes = z.string().regex(/^[\w-]{43}$/, 'must be 32 bytes as base64url');

/** An Ed25519 key as JSON (RFC 8037); `d` is there in a private one. What else a key says of itself is dropped. */
const Ed25519Jwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: thirtyTwoBytes,
  d: thirtyTwoBytes.optional(),
  kid: Id.optional(),
  use: z.literal('sig').optional(),
});
const Ed25519Jwks = z.object({ keys: z.array(Ed25519Jwk).min(1) });

/** A public key as it is published. */
export interface PublicJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  kid: string;
  alg: typeof algorithm;
  use: 'sig';
}
/** `d` is the secret. */
export interface PrivateJwk extends PublicJwk {
  d: string;
}
export type NamedJwk = PublicJwk & Partial<PrivateJwk>;

export const publicJwk = ({ kty, crv, x, kid, alg, use }: NamedJwk): PublicJwk => ({ kty, crv, x, kid, alg, use });

/** With its RFC 7638 thumbprint as the name, unless it has one. */
export async function named(jwk: z.infer<typeof Ed25519Jwk>): Promise<NamedJwk> {
  const { kty, crv, x, d } = jwk;
  const kid = jwk.kid ?? (await calculateJwkThumbprint({ kty, crv, x }));
  return { kty, crv, x, ...(d !== undefined && { d }), kid, alg: algorithm, use: 'sig' };
}

/**
 * One JWK, or the several of a JWKS in their order. `source` says in errors where the text is from; the text itself,
 * which may hold a secret, is in none of them.
 *
 * @throws ConfigError
 */
export async function readJwks(text: string, source: string): Promise<NamedJwk[]> {
  const jwks = await Promise.all(parseJwks(text, source).map(named));
  const twice = jwks.find(({ kid }, index) => jwks.findIndex((other) => other.kid === kid) !== index);
  if (twice) throw new ConfigError(`${source}: two keys have the name ${twice.kid}`);
  await Promise.all(jwks.map((jwk) => importKey(publicJwk(jwk), source)));
  return jwks;
}

/** @throws ConfigError when it is not a point of the curve */
export async function importKey(jwk: NamedJwk, source: string): Promise<CryptoKey> {
  try {
    return (await importJWK({ ...jwk }, algorithm)) as CryptoKey;
  } catch {
    throw new ConfigError(`${source}: ${jwk.kid} is not an Ed25519 key`);
  }
}

function parseJwks(text: string, source: string): z.infer<typeof Ed25519Jwk>[] {
  const json = parseJson(text, source);
  const isSet = typeof json === 'object' && json !== null && 'keys' in json;
  const parsed = isSet ? Ed25519Jwks.safeParse(json) : Ed25519Jwk.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the key'}: ${message}`);
    throw new ConfigError(`${source}: must be an Ed25519 key as JWK, or a JWKS of them (${problems.join('; ')})`);
  }
  return 'keys' in parsed.data ? parsed.data.keys : [parsed.data];
}

/** The parser's own message would quote the text. */
function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigError(`${source}: must be JSON`);
  }
}
