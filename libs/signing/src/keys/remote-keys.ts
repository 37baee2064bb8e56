import { ConfigError, RetryableError } from '@countersign/contracts/problems';
import type { Millis } from '@countersign/contracts/time';
import { createRemoteJWKSet, customFetch, errors } from 'jose';
import { unknownKey, type KeySource } from './trusted-keys.js';

export interface RemoteKeysOptions {
  /** How long after a fetch no unknown key leads to another one. */
  cooldownMs?: Millis;
  /** How long fetched keys are trusted, so how long a key that was withdrawn still is. */
  maxAgeMs?: Millis;
  timeoutMs?: Millis;
}

/** A name that the keys, fetched a moment ago, do not have: it may be that of a newer one. */
export class NotYetKnown extends RetryableError {
  override name = 'NotYetKnown';
}

/** Names that are waited for at once; anybody may make up more. */
const mostNames = 10_000;
/** A name that is still named after that may have been given to a key since. */
const namedForMs = 60_000;

/**
 * The keys that are published at a URL, fetched when they are first needed, when they are old, and when a key is
 * unknown. Shortly after a fetch an unknown key is no reason to refuse, only to wait: it may be newer than the fetch. One
 * fetch answers for all that wait.
 *
 * @throws ConfigError for a URL that cannot be fetched from
 */
export function remoteKeys(url: URL, options: RemoteKeysOptions = {}): KeySource {
  const { cooldownMs = 2_000, maxAgeMs = 600_000, timeoutMs = 5_000 } = options;
  const address = url.origin + url.pathname;
  if (url.username || url.password) throw new ConfigError(`${address}: the URL of keys must not hold a password`);
  let fetches = 0;
  const find = createRemoteJWKSet(url, {
    cooldownDuration: cooldownMs,
    cacheMaxAge: maxAgeMs,
    timeoutDuration: timeoutMs,
    [customFetch](...request: Parameters<typeof fetch>) {
      fetches += 1;
      return fetch(...request);
    },
  });
  const waiting = new WaitingNames();
  return async (header) => {
    const { coolingDown } = find;
    try {
      return await find(header);
    } catch (cause) {
      if (!(cause instanceof errors.JWKSNoMatchingKey))
        throw new RetryableError(`The keys at ${address} are not to be had (${messageOf(cause)})`, { cause });
      if (!coolingDown || waiting.since(String(header.kid), fetches) < fetches) throw unknownKey(cause);
      throw new NotYetKnown(`The keys at ${address} had no such key a moment ago`, { cause });
    }
  };
}

/** Which fetch was the last when a name was first waited for. */
class WaitingNames {
  readonly #names = new Map<string, { fetches: number; until: number }>();

  since(name: string, fetches: number): number {
    const known = this.#names.get(name);
    if (known && Date.now() < known.until) return known.fetches;
    this.#names.delete(name);
    if (this.#names.size >= mostNames) this.#names.delete(this.#names.keys().next().value!);
    this.#names.set(name, { fetches, until: Date.now() + namedForMs });
    return fetches;
  }
}

/** What `fetch` throws keeps the reason in its cause. */
const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
};
