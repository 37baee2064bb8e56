import { decodeProtectedHeader } from 'jose';
import { SignatureError } from './signature-error.js';

/** Ed25519, by the name that RFC 8037 gives it. */
export const algorithm = 'EdDSA';
export const decisionType = 'countersign-decision+jws';

export type DecisionHeader = {
  alg: typeof algorithm;
  kid: string;
  typ: typeof decisionType;
};

const fields = ['alg', 'kid', 'typ'];

/**
 * The header of a decision, before anything is known of its signature. A field besides the three is refused,
 * whatever it says: a key that comes with a message (`jwk`, `x5c`, `jku`) is nobody's, and `crit` names nothing we know.
 *
 * @throws SignatureError
 */
export function readHeader(jws: string): DecisionHeader {
  const { alg, kid, typ, ...others } = decode(jws);
  if (typ !== decisionType) throw new SignatureError(`The type of the signed text is not ${decisionType}.`);
  if (alg !== algorithm) throw new SignatureError(`The decision is not signed with ${algorithm}.`);
  if (typeof kid !== 'string' || kid === '') throw new SignatureError('The decision does not name its key.');
  if (Object.keys(others).length > 0) {
    throw new SignatureError(`The header of the decision has other fields than ${fields.join(', ')}.`);
  }
  return { alg, kid, typ };
}

function decode(jws: string): Record<string, unknown> {
  try {
    return { ...decodeProtectedHeader(jws) };
  } catch (cause) {
    throw new SignatureError('The decision has no readable header.', { cause });
  }
}
