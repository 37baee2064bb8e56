import { scryptSync } from 'node:crypto';
import type { Identity } from './principal.js';
import { administrator } from './reserved.js';
import { isSame } from './secret.js';

/** A key for the first administrator that is told by the environment, not stored. */
export class AdminKey {
  readonly identity: Identity = { subject: administrator, roles: ['admin'], groups: [] };
  /**
   * Names the key in the sessions that it began, so that they end when it is replaced. People may have chosen it, hence
   * the slow hash.
   */
  readonly id: string;
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
    this.id = `admin-${scryptSync(key, 'countersign ADMIN_KEY', 16).toString('hex')}`;
  }

  matches(text: string): boolean {
    return isSame(text, this.#key);
  }
}
