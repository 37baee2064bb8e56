import { createHash } from 'node:crypto';

/** The digest of a result that a person gave: `sha256:` and the hex SHA-256 of its text in UTF-8. */
export const resultDigest = (result: string): string => `sha256:${createHash('sha256').update(result).digest('hex')}`;
