import { createHash } from 'node:crypto';

/** What `#sha256` is in Node, where it is a fourth of the work. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}
