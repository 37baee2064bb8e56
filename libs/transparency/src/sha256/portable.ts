import { sha256 as hasher } from '@noble/hashes/sha2';

/** What `#sha256` is everywhere else. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = hasher.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}
