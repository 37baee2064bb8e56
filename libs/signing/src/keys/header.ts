import { decodeProtectedHeader } from 'jose';
import { SignatureError } from '../signature/signature-error.js';
import type { Statement } from '../decisions/statement.js';

/** Ed25519, by the name that RFC 8037 gives it. */
export const algorithm = 'EdDSA';

export type Header = {
  alg: typeof algorithm;
  kid: string;
  typ: string;
};

const fields = ['alg', 'kid', 'typ'];

/**
 * The header of what is signed, before anything is known of its signature. A field besides the three is refused,
 * whatever it says: a key that comes with a message (`jwk`, `x5c`, `jku`) is not trusted, and `crit` names nothing known here.
 *
 * @throws SignatureError
 */
export function readHeader(jws: string, { noun, typ: expected }: Pick<Statement<object>, 'noun' | 'typ'>): Header {
  const { alg, kid, typ, ...others } = decode(jws, noun);
  if (typ !== expected) throw new SignatureError(`The type of the signed text is not ${expected}.`);
  if (alg !== algorithm) throw new SignatureError(`The ${noun} is not signed with ${algorithm}.`);
  if (typeof kid !== 'string' || kid === '') throw new SignatureError(`The ${noun} does not name its key.`);
  if (Object.keys(others).length > 0) {
    throw new SignatureError(`The header of the ${noun} has other fields than ${fields.join(', ')}.`);
  }
  return { alg, kid, typ: expected };
}

function decode(jws: string, noun: string): Record<string, unknown> {
  try {
    return { ...decodeProtectedHeader(jws) };
  } catch (cause) {
    throw new SignatureError(`The ${noun} has no readable header.`, { cause });
  }
}
