import { canonicalJson } from '@countersign/contracts';
import { CompactSign } from 'jose';
import { DecisionClaims } from './claims.js';
import { algorithm, decisionType } from './header.js';
import type { SigningKey } from './key-ring.js';

/** The claims as they are signed: there is one way to write them. */
export const payloadOf = (claims: DecisionClaims): string => canonicalJson(claims);

/** @returns a compact JWS. The same key and claims always give the same text. @throws when the claims are not as declared. */
export async function signDecision({ kid, privateKey }: SigningKey, claims: DecisionClaims): Promise<string> {
  const payload = payloadOf(DecisionClaims.parse(claims));
  return new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: algorithm, kid, typ: decisionType })
    .sign(privateKey);
}
