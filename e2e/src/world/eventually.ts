import { secondsOf } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a promise, but not for ever. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const giveUp = new AbortController();
  const late = delay(ms, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error(`waited ${secondsOf(ms)} s for ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    giveUp.abort();
    late.catch(() => {});
  }
}

/** Looks again and again until there is something to see. Errors count as nothing, until the time is up. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | false | undefined>,
  { ms = 30_000, every = 50 } = {},
): Promise<T> {
  const deadline = Date.now() + ms;
  for (let reason: unknown; ;) {
    try {
      const seen = await look();
      if (seen !== false && seen !== undefined) return seen;
    } catch (error) {
      reason = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${secondsOf(ms)} s for ${what}`, { cause: reason });
    await delay(every);
  }
}
