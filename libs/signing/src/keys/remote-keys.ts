import { ConfigError, RetryableError } from '@countersign/contracts/problems';
import type { Millis } from '@countersign/contracts/time';
import { createRemoteJWKSet, errors } from 'jose';
import { unknownKey, type KeySource } from './trusted-keys.js';

export interface RemoteKeysOptions {
  /** How long after a fetch no unknown key leads to another one. */
  cooldownMs?: Millis;
  /** How long fetched keys are trusted, so how long a key that was withdrawn still is. */
  maxAgeMs?: Millis;
  timeoutMs?: Millis;
}

/**
 * The keys that are published at a URL, fetched when they are first needed, when they are old, and when a key is
 * unknown. Shortly after a fetch an unknown key is no reason to refuse, only to wait: it may be newer than the fetch.
 *
 * @throws ConfigError for a URL that cannot be fetched from
 */
export function remoteKeys(url: URL, options: RemoteKeysOptions = {}): KeySource {
  const { cooldownMs = 2_000, maxAgeMs = 600_000, timeoutMs = 5_000 } = options;
  const address = url.origin + url.pathname;
  if (url.username || url.password) throw new ConfigError(`${address}: the URL of keys must not hold a password`);
  const find = createRemoteJWKSet(url, {
    cooldownDuration: cooldownMs,
    cacheMaxAge: maxAgeMs,
    timeoutDuration: timeoutMs,
  });
  return async (header) => {
    const { coolingDown } = find;
    try {
      return await find(header);
    } catch (cause) {
      const unknown = cause instanceof errors.JWKSNoMatchingKey;
      if (unknown && !coolingDown) throw unknownKey(cause);
      const problem = unknown ? 'had no such key a moment ago' : `are not to be had (${messageOf(cause)})`;
      throw new RetryableError(`The keys at ${address} ${problem}`, { cause });
    }
  };
}

/** What `fetch` throws keeps the reason in its cause. */
const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
};
