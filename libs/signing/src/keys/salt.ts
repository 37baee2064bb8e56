import { CompactSign } from 'jose';
import { algorithm } from './header.js';
import type { SigningKey } from './key-ring.js';
import { resultDigest } from '../results/result-digest.js';

/**
 * A salt for the digest of one call: it cannot be computed without the key, and the same call always has the same, since
 * Ed25519 signs one text in one way.
 */
export async function saltOf({ kid, privateKey }: SigningKey, approvalId: string): Promise<string> {
  const signed = await new CompactSign(new TextEncoder().encode(approvalId))
    .setProtectedHeader({ alg: algorithm, kid, typ: 'countersign-salt' })
    .sign(privateKey);
  return resultDigest(signed).slice('sha256:'.length);
}
