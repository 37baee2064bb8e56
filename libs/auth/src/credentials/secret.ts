import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits, as 43 characters of base64url. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

export const isSecret = (text: string): boolean => /^[\w-]{43}$/.test(text);

/**
 * What is stored in place of a secret, as hex. A plain SHA-256 is enough for what `newSecret` made: no one can try out
 * 2^256 of them, so there is nothing for a slow hash to slow down.
 */
export const hashOf = (secret: string): string => hash('sha256', secret, 'hex');

/** Compares in a time that does not depend on where the two differ, nor on their lengths. */
export const isSame = (a: string, b: string): boolean =>
  timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
