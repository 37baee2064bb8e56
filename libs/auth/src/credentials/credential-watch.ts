import type { Log } from '@countersign/contracts';
import type { EpochMillis, Millis } from '@countersign/contracts/time';
import { hasSameStanding, type Credentials } from './credentials.js';
import type { Principal } from '../principal.js';

export interface CredentialWatchOptions {
  credentials: Pick<Credentials, 'current'>;
  log: Log;
  now(): EpochMillis;
  /** From one look to the next; 400 ms unless given. */
  everyMs?: Millis;
}

/** A credential by which something goes on, such as a stream. Call its end when done. */
export interface Watched {
  /** Aborts once it no longer holds: revoked, signed out, expired, or with other roles. */
  ended: AbortSignal;
  release(): void;
}

interface WatchedPrincipal {
  who: Principal;
  end: AbortController;
  /** When it was last seen to hold. */
  heldAt: EpochMillis;
}

/** Grace period of streams while their credentials cannot be checked. */
const mostUnknownMs = 5_000;

/**
 * Tells what goes on for a while when the credential that began it has ended, on whichever instance that happened. All
 * of them are looked at together, and nothing is read while there is nothing to watch.
 */
export class CredentialWatch {
  readonly #options: CredentialWatchOptions;
  readonly #watched = new Set<WatchedPrincipal>();
  #looking = false;

  constructor(options: CredentialWatchOptions) {
    this.#options = options;
  }

  watch(who: Principal): Watched {
    const end = new AbortController();
    const watched = { who, end, heldAt: this.#options.now() };
    this.#watched.add(watched);
    if (!this.#looking) this.#lookLater();
    return { ended: end.signal, release: () => this.#watched.delete(watched) };
  }

  #lookLater(): void {
    this.#looking = this.#watched.size > 0;
    if (this.#looking) setTimeout(() => void this.#look(), this.#options.everyMs ?? 400).unref();
  }

  async #look(): Promise<void> {
    const { credentials, log, now } = this.#options;
    const watched = [...this.#watched];
    const readAt = now();
    try {
      const standings = await credentials.current(watched.map(({ who }) => who.credential));
      watched.forEach((each, n) => {
        const standing = standings[n];
        if (standing && hasSameStanding(each.who, standing)) each.heldAt = readAt;
        else this.#end(each);
      });
    } catch (error) {
      log.warn({ err: error }, 'cannot check the credentials of open streams');
      for (const each of watched) if (now() - each.heldAt > mostUnknownMs) this.#end(each);
    } finally {
      this.#lookLater();
    }
  }

  #end(watched: WatchedPrincipal): void {
    this.#watched.delete(watched);
    watched.end.abort();
  }
}
