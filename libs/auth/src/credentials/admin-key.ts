import { scryptSync } from 'node:crypto';
import { readKey, type ApiKeyHolder, type KeyText } from './api-key.js';
import type { Identity } from '../principal.js';
import { administrator } from './reserved.js';
import { isSame } from './secret.js';

/** A key for the first administrator from the environment, not stored. */
export class AdminKey {
  readonly identity: Identity = { subject: administrator, roles: ['admin'], groups: [] };
  /**
   * Names the key in the sessions that it began, so that they end when it is replaced. One that has the form of a key of
   * the store has its id there. Another one people may have chosen, hence the slow hash.
   */
  readonly id: string;
  /** Of a key in the form of those in the store. */
  readonly parts: KeyText | undefined;
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
    this.parts = readKey(key);
    this.id = this.parts?.id ?? `admin-${scryptSync(key, 'countersign ADMIN_KEY', 16).toString('hex')}`;
  }

  get holder(): ApiKeyHolder {
    return { ...this.identity, key_id: this.id, expires_at: null };
  }

  matches(text: string): boolean {
    return isSame(text, this.#key);
  }
}
