import { ConfigError, RetryableError } from '@countersign/contracts/problems';
import { atMillis, after, type Clock, type Millis } from '@countersign/contracts/time';
import { createRemoteJWKSet, customFetch, errors } from 'jose';
import { setTimeout as delay } from 'node:timers/promises';
import { unknownKey, type KeySource } from './trusted-keys.js';

export interface RemoteKeysOptions {
  /** From one fetch because of an unknown key to the next. */
  spacingMs?: Millis;
  /** How long fetched keys are trusted, so how long a key that was withdrawn still is. */
  maxAgeMs?: Millis;
  timeoutMs?: Millis;
  now?: Clock;
  wait?(ms: Millis): Promise<unknown>;
}

/** To whoever does not wait, keys that were fetched within this time are all there are. */
const momentMs = 2_000;

/**
 * The keys that are published at a URL, fetched when they are first needed, when they are old, and when a key is unknown: it
 * may be newer. It is refused only after a fetch that began once it was named; one answers for all that were named before it
 * began, and they are some time apart. So whoever makes names up holds nobody up for longer than that, nor whoever publishes.
 *
 * @throws ConfigError for a URL that cannot be fetched from
 */
export function remoteKeys(url: URL, options: RemoteKeysOptions = {}): KeySource {
  const {
    spacingMs = 50,
    maxAgeMs = 600_000,
    timeoutMs = 5_000,
    now = () => atMillis(Date.now()),
    wait = delay,
  } = options;
  const address = url.origin + url.pathname;
  if (url.username || url.password) throw new ConfigError(`${address}: the URL of keys must not hold a password`);
  let fetches = 0;
  let last = atMillis(0);
  const find = createRemoteJWKSet(url, {
    cooldownDuration: Infinity,
    cacheMaxAge: maxAgeMs,
    timeoutDuration: timeoutMs,
    [customFetch](...request: Parameters<typeof fetch>) {
      fetches += 1;
      last = now();
      return fetch(...request);
    },
  });
  let next: Promise<void> | undefined;
  let current: Promise<void> | undefined;
  async function fetchNext(): Promise<void> {
    await current?.catch(() => {});
    const ms = after(last, spacingMs) - now();
    if (ms > 0) await wait(Math.min(ms, spacingMs));
    current = fetchOnce();
    next = undefined;
    await current;
  }
  /** A fetch that is under way was begun for others, before a name that is asked for now was published, perhaps. */
  async function fetchOnce(): Promise<void> {
    const before = fetches;
    await find.reload();
    if (fetches === before) await find.reload();
  }
  return async (header, isPatient = true) => {
    const before = fetches;
    try {
      return await find(header).catch(async (cause: unknown) => {
        const isKnownToLack = fetches > before || (!isPatient && after(last, momentMs) > now());
        if (!(cause instanceof errors.JWKSNoMatchingKey) || isKnownToLack) throw cause;
        await (next ??= fetchNext());
        return await find(header);
      });
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey) throw unknownKey(cause);
      throw new RetryableError(`The keys at ${address} are not to be had (${messageOf(cause)})`, { cause });
    }
  };
}

/** What `fetch` throws keeps the reason in its cause. */
const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
};
