import { ApiKeyView, canonicalSubject, Subject } from '@countersign/contracts/auth';
import { toEpochSeconds, toEpochMillis, after, type EpochMillis, type Clock } from '@countersign/contracts/time';
import {
  insert,
  insertOnce,
  newRecord,
  update,
  type Database,
  type Store,
  type Publication,
} from '@countersign/persistence';
import { AdminKey } from './admin-key.js';
import { apiKeys, newKeyText, readKey, writeKey, type ApiKey, type ApiKeyHolder, type NewApiKey } from './api-key.js';
import { principalOf, type Principal } from '../principal.js';
import { Recent } from './recent.js';
import { administrator } from './reserved.js';
import { hashOf, isSame } from './secret.js';

export interface ApiKeysOptions {
  database: Pick<Database, 'collection'>;
  /** The setting ADMIN_KEY. */
  adminKey?: string | undefined;
  now(): EpochMillis;
}

/** The name of the record of ADMIN_KEY. */
const sharedAdmin = 'ADMIN_KEY';

/**
 * The keys of programs and people.
 *
 * A key that was used is remembered for a second, so a revocation is seen at once by the process that made it, and
 * within a second by the others. An expiry is seen at once by all.
 */
export class ApiKeys {
  readonly #store: Store<ApiKey>;
  readonly #recent: Recent<ApiKey>;
  readonly #admin: AdminKey | undefined;
  readonly #now: Clock;

  constructor({ database, adminKey, now }: ApiKeysOptions) {
    this.#store = database.collection(apiKeys).store;
    this.#recent = new Recent({ now });
    this.#admin = adminKey === undefined ? undefined : new AdminKey(adminKey);
    this.#now = now;
  }

  /** @returns the key in plain text, shown only once, and its record. */
  async create(wanted: NewApiKey, telling?: Publication<ApiKey>): Promise<{ key: string; record: ApiKeyView }> {
    const { name, subject, roles, groups = [], expires_in = null } = wanted;
    const { id, secret } = newKeyText();
    const now = this.#now();
    const record = await insert(
      this.#store,
      {
        id,
        name,
        subject: canonicalSubject(subject),
        display_name: subject,
        roles,
        groups: groups.map(canonicalSubject),
        secret_hash: hashOf(secret),
        expires_at: expires_in === null ? null : after(toEpochSeconds(now), expires_in),
        revoked_at: null,
        ...newRecord(now),
      },
      telling,
    );
    return { key: writeKey({ id, secret }), record: viewOf(record) };
  }

  /** Newest first, with those that no longer work. */
  async list({ limit = 1000, skip = 0 }: { limit?: number; skip?: number } = {}): Promise<ApiKeyView[]> {
    const records = await this.#store.find({ filter: {}, sort: [['created_at', 'desc']], limit, skip });
    return records.map(viewOf);
  }

  /** Ends a key and the sessions it began, for good. @returns its record, undefined when there is no such key. */
  async revoke(id: string, telling?: Publication<ApiKey>): Promise<ApiKeyView | undefined> {
    const now = this.#now();
    const revoked = await update(
      this.#store,
      id,
      now,
      (key) => (key.revoked_at === null ? { ...key, revoked_at: toEpochSeconds(now) } : undefined),
      telling,
    );
    if (revoked) this.#recent.changed(id, revoked.record);
    return revoked && viewOf(revoked.record);
  }

  /**
   * Lets the other services of an installation know ADMIN_KEY, so that only this one is configured with it: its hash is stored as
   * that of any key, and what it was before is revoked. One that has not the form of a key is known only here.
   */
  async shareAdmin(): Promise<void> {
    if (!this.#admin?.parts) return;
    const { id, secret } = this.#admin.parts;
    const shared = await this.#store.find({
      filter: { name: sharedAdmin },
      sort: [['created_at', 'desc']],
      limit: 100,
    });
    for (const old of shared)
      if (old.id !== id && old.subject === administrator && old.revoked_at === null) await this.revoke(old.id);
    if (shared.some((key) => key.id === id)) return;
    const { subject, roles, groups } = this.#admin.identity;
    const key = { id, name: sharedAdmin, subject, display_name: subject, roles, groups, secret_hash: hashOf(secret) };
    await insertOnce(this.#store, { ...key, expires_at: null, revoked_at: null, ...newRecord(this.#now()) });
  }

  async verify(text: string): Promise<Principal | undefined> {
    const holder = await this.identify(text);
    return holder && principalOf(holder, 'key', { id: holder.key_id, expires_at: holder.expires_at });
  }

  /** Like `verify`, and says by which key. */
  async identify(text: string): Promise<ApiKeyHolder | undefined> {
    if (this.#admin?.matches(text)) return this.#admin.holder;
    const parsed = readKey(text);
    const key = parsed && (await this.#find(parsed.id));
    if (!key || !isSame(hashOf(parsed.secret), key.secret_hash) || !this.#works(key)) return undefined;
    return holderOf(key);
  }

  /** Whether a key still works, for what was begun with it. */
  async isValid(id: string): Promise<boolean> {
    if (id === this.#admin?.id) return true;
    const key = await this.#find(id);
    return key !== undefined && this.#works(key);
  }

  /** Who holds these keys, of those that still work; read from the store in one go, whatever is remembered. */
  async holders(ids: readonly string[]): Promise<Map<string, ApiKeyHolder>> {
    const found = new Map<string, ApiKeyHolder>();
    const admin = this.#admin;
    if (admin && ids.includes(admin.id)) found.set(admin.id, admin.holder);
    const stored = ids.filter((id) => id !== admin?.id);
    if (stored.length === 0) return found;
    const readAt = this.#now();
    const filter = { id: { in: stored } };
    for (const key of await this.#store.find({ filter, sort: [], limit: stored.length })) {
      this.#recent.read(key.id, key, readAt);
      const holder = this.#works(key) ? holderOf(key) : undefined;
      if (holder) found.set(key.id, holder);
    }
    return found;
  }

  #find(id: string): Promise<ApiKey | undefined> {
    return this.#recent.get(id, (id) => this.#store.get(id));
  }

  #works({ revoked_at, expires_at }: ApiKey): boolean {
    return revoked_at === null && (expires_at === null || this.#now() < toEpochMillis(expires_at));
  }
}

/** A record may be older than the one spelling of names; one that has none is of no one. */
function holderOf(key: ApiKey): ApiKeyHolder | undefined {
  const { id: key_id, display_name, roles, groups, expires_at } = key;
  const subject = Subject.safeParse(key.subject).data;
  return subject === undefined
    ? undefined
    : { subject, display_name: display_name ?? key.subject, roles, groups, key_id, expires_at };
}

const viewOf = (key: ApiKey): ApiKeyView => ApiKeyView.parse(key);
