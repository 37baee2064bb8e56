import { ConfigError } from '@countersign/contracts/problems';
import { createLocalJWKSet, errors, type CryptoKey } from 'jose';
import { publicJwk, readJwks } from './jwk.js';
import { SignatureError } from '../signature/signature-error.js';

/**
 * The key that a header names. To whoever is not patient there is none when there was none a moment ago.
 *
 * @throws SignatureError when there is none, RetryableError when that is not known now
 */
export type KeySource = (header: { kid?: string; alg?: string }, isPatient?: boolean) => Promise<CryptoKey>;

export const unknownKey = (cause: unknown): SignatureError =>
  new SignatureError('It is signed with a key that is not known.', { cause });

/** The keys of a text. A private one is refused: whoever only verifies must not be able to sign. @throws ConfigError */
export async function trustedKeys(text: string, source: string): Promise<KeySource> {
  const jwks = await readJwks(text, source);
  if (jwks.some(({ d }) => d)) throw new ConfigError(`${source}: must be public keys, and there is a private one`);
  const find = createLocalJWKSet({ keys: jwks.map(publicJwk) });
  return async (header) => {
    try {
      return await find(header);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw unknownKey(error);
      throw error;
    }
  };
}
