import { base64url, exportJWK, type CryptoKey } from 'jose';

/** Texts that are kept at most, each of one or two kilobytes; the oldest goes first. */
const most = 1_000;
const known = new Set<string>();
const publicParts = new WeakMap<CryptoKey, string>();

/**
 * Remembers that a text carries the signature of this public key, because it was verified or made here. The same text
 * and key always give the same answer, so whoever verifies it next in this process is spared the arithmetic. Whether the
 * key is still trusted is asked each time, before this.
 *
 * @param x the public key, as in its JWK
 */
export function rememberSignature(x: string, jws: string): void {
  known.add(`${x}.${jws}`);
  if (known.size > most) known.delete(known.values().next().value!);
}

/** @returns the payload when the signature is known to be right; undefined says nothing. */
export const payloadIfKnown = (x: string, jws: string): Uint8Array | undefined =>
  known.has(`${x}.${jws}`) ? base64url.decode(jws.split('.')[1]!) : undefined;

export async function publicPartOf(key: CryptoKey): Promise<string> {
  let x = publicParts.get(key);
  if (x === undefined) publicParts.set(key, (x = (await exportJWK(key)).x!));
  return x;
}
