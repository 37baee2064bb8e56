import { type EpochMillis, toEpochMillis, type EpochSeconds, earliest } from '@countersign/contracts/time';
import type { ApiKeys } from './api-keys.js';
import type { BrowserSessions } from '../sign-in/browser-sessions.js';
import { principalOf, type Credential, type Identity, type Principal } from '../principal.js';

/** What a credential is worth now. */
export interface Standing {
  /** As whom it is known; null where nothing but the credential itself says so. */
  identity: Identity | null;
  /** When it is over in any case, in seconds; null for never. */
  expires_at: EpochSeconds | null;
}

export interface CredentialsOptions {
  keys: Pick<ApiKeys, 'holders'>;
  sessions: Pick<BrowserSessions, 'those'>;
  /** Of the identity provider whose tokens are taken, if any are. */
  issuer: string | undefined;
  now(): EpochMillis;
}

/** What keys, sessions and tokens are worth now, whatever anybody remembers of them. */
export class Credentials {
  readonly #options: CredentialsOptions;

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  /**
   * Of a provider's token nothing is stored: it is not checked again, and it counts until its end, as long as that
   * provider's tokens are taken here.
   *
   * Reads them again, all at once: one query for the keys and one for the sessions, and none for what is not stored.
   *
   * @returns for each, in their order; undefined for one that has ended.
   */
  async current(credentials: readonly Credential[]): Promise<(Standing | undefined)[]> {
    const { keys, sessions, issuer, now } = this.#options;
    const keyIds = credentials.flatMap(({ via, id, key_id }) => [via === 'key' ? id : null, key_id]);
    const sessionIds = credentials.map(({ via, id }) => (via === 'session' ? id : null));
    const [holders, signedIn] = await Promise.all([keys.holders(known(keyIds)), sessions.those(known(sessionIds))]);
    return credentials.map(({ via, id, key_id, expires_at }): Standing | undefined => {
      if (expires_at !== null && now() >= toEpochMillis(expires_at)) return undefined;
      if (via === 'key') return standingOf(holders.get(id!));
      if (via === 'jwt') return id !== null && id === issuer ? { identity: null, expires_at } : undefined;
      if (via === 'channel') return { identity: null, expires_at };
      const [key, session] = [key_id === null ? undefined : holders.get(key_id), signedIn.get(id!)];
      if (key_id !== null && !key) return undefined;
      return standingOf(session && { ...session, expires_at: earlier(session.expires_at, key?.expires_at ?? null) });
    });
  }
}

/** Whether it is the same subject, with the same roles and groups. */
export function hasSameStanding(who: Principal, { identity }: Standing): boolean {
  if (!identity) return true;
  const now = principalOf(identity, who.credential.via);
  return who.subject === now.subject && areSame(who.roles, now.roles) && areSame(who.groups, now.groups);
}

const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  new Set([...some, ...others]).size === new Set(some).size && new Set(some).size === new Set(others).size;

const known = (ids: readonly (string | null)[]): string[] => [...new Set(ids.filter((id) => id !== null))];

const standingOf = (found: (Identity & { expires_at: EpochSeconds | null }) | undefined): Standing | undefined =>
  found && { identity: found, expires_at: found.expires_at };

const earlier = (one: EpochSeconds, other: EpochSeconds | null): EpochSeconds => earliest(one, other ?? one);
