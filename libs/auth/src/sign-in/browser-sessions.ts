import { Id, stored } from '@countersign/contracts';
import { canonicalSubject, Role } from '@countersign/contracts/auth';
import { EpochSeconds, toEpochSeconds, toEpochMillis, after } from '@countersign/contracts/time';
import { insert, newRecord, update, type Collection, type Publication } from '@countersign/persistence';
import { z } from 'zod';
import type { ApiKeys } from '../credentials/api-keys.js';
import { principalOf, type Identity, type Principal } from '../principal.js';
import { Recent } from '../credentials/recent.js';
import { Expiring, type ExpiringOptions } from '../credentials/expiring.js';
import { hashOf, isSecret, newSecret } from '../credentials/secret.js';

/** A session of a browser. */
export const BrowserSession = z.object({
  id: Id.meta({ description: "SHA-256 of the cookie's value, as hex." }),
  subject: Id,
  display_name: z.string().nullable().default(null),
  roles: z.array(Role),
  groups: z.array(z.string()),
  key_id: Id.nullable().meta({ description: 'The key that began it, and whose end is its end.' }),
  csrf_token: z.string(),
  expires_at: EpochSeconds,
  ended_at: EpochSeconds.nullable(),
  ...stored,
});
export type BrowserSession = z.infer<typeof BrowserSession>;

export const browserSessions: Collection<BrowserSession> = {
  name: 'browser_sessions',
  key: 'id',
  indexes: [['expires_at']],
};

/** Seconds. */
export const sessionLasts = 12 * 3600;

/**
 * The sessions of browsers. Like a key, one that was used is remembered for a second: the end of a session, or of
 * the key that began it, is seen at once by the process where it ended, and within a second by the others.
 */
export class BrowserSessions extends Expiring<BrowserSession> {
  readonly #recent: Recent<BrowserSession>;
  readonly #keys: ApiKeys;

  constructor({ keys, ...options }: ExpiringOptions & { keys: ApiKeys }) {
    super(browserSessions, options);
    this.#recent = new Recent(options);
    this.#keys = keys;
  }

  /** @returns the value for the cookie, which is not stored, and the session. */
  async start(
    identity: Identity & { key_id: string | null },
    telling?: Publication<BrowserSession>,
  ): Promise<{ cookie: string; session: BrowserSession }> {
    const cookie = newSecret();
    const now = this.now();
    const session = await insert(
      this.store,
      {
        id: hashOf(cookie),
        subject: canonicalSubject(identity.subject),
        display_name: identity.display_name ?? identity.subject,
        roles: identity.roles,
        groups: identity.groups,
        key_id: identity.key_id,
        csrf_token: newSecret(),
        expires_at: after(toEpochSeconds(now), sessionLasts),
        ended_at: null,
        ...newRecord(now),
      },
      telling,
    );
    return { cookie, session };
  }

  async verify(cookie: string): Promise<BrowserSession | undefined> {
    if (!isSecret(cookie)) return undefined;
    const session = await this.#recent.get(hashOf(cookie), (id) => this.store.get(id));
    if (!session || !this.#isActive(session)) return undefined;
    return session.key_id === null || (await this.#keys.isValid(session.key_id)) ? session : undefined;
  }

  /** Of these, those that have not ended; read from the store in one go, whatever is remembered, and without a look at keys. */
  async those(ids: readonly string[]): Promise<Map<string, BrowserSession>> {
    if (ids.length === 0) return new Map();
    const readAt = this.now();
    const found = await this.store.find({ filter: { id: { in: [...ids] } }, sort: [], limit: ids.length });
    for (const session of found) this.#recent.read(session.id, session, readAt);
    return new Map(found.flatMap((session) => (this.#isActive(session) ? [[session.id, session]] : [])));
  }

  /** Of these, all that are still on record, also those that have ended. */
  async recorded(ids: readonly string[]): Promise<Map<string, BrowserSession>> {
    const found = await this.store.find({ filter: { id: { in: [...ids] } }, sort: [], limit: ids.length });
    return new Map(found.map((session) => [session.id, session]));
  }

  #isActive({ ended_at, expires_at }: BrowserSession): boolean {
    return ended_at === null && this.now() < toEpochMillis(expires_at);
  }

  async end(id: string, telling?: Publication<BrowserSession>): Promise<void> {
    const now = this.now();
    const ended = await update(
      this.store,
      id,
      now,
      (session) => (session.ended_at === null ? { ...session, ended_at: toEpochSeconds(now) } : undefined),
      telling,
    );
    if (ended) this.#recent.changed(id, ended.record);
  }
}

/** Whoever is signed in. */
export const principalOfSession = (session: BrowserSession): Principal => {
  const { id, key_id, expires_at } = session;
  return principalOf(session, 'session', { id, key_id, expires_at });
};
