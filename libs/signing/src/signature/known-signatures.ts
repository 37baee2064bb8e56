import { exportJWK, type CryptoKey } from 'jose';
import type { Header } from '../keys/header.js';

/** Texts that are kept at most, each of one or two kilobytes; the oldest goes first. */
const most = 1_000;
const known = new Map<string, KnownSignature>();
const publicParts = new WeakMap<CryptoKey, string>();

/** What came of reading and verifying a text. */
interface KnownSignature {
  /** The public key that it was signed with, as in its JWK. */
  x: string;
  header: Header;
  claims: Readonly<object>;
}

/**
 * Remembers that a text is well formed, says these claims and carries the signature of this public key, because it was
 * verified or made here. The same text and key always give the same answer, so whoever verifies it next in this process
 * is spared the work. Whether the key is still trusted is checked each time.
 */
export function rememberSignature(jws: string, signature: KnownSignature): void {
  Object.freeze(signature.claims);
  known.set(jws, signature);
  if (known.size > most) known.delete(known.keys().next().value!);
}

/** Undefined says nothing. */
export const knownSignature = (jws: string): KnownSignature | undefined => known.get(jws);

/** The public key, as in its JWK. */
export async function publicPartOf(key: CryptoKey): Promise<string> {
  let x = publicParts.get(key);
  if (x === undefined) publicParts.set(key, (x = (await exportJWK(key)).x!));
  return x;
}
