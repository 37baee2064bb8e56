import { CountersignClient } from '@countersign/client';
import type { Role } from '@countersign/contracts/auth';

/** What the apps under test are started with, to make the other keys. */
export const adminKey = 'a-key-for-tests-that-nobody-else-uses';

/** What somebody may do, and with whom. */
export interface Access {
  roles: Role[];
  groups?: string[];
}

/** The keys of the people of one stack: made when somebody first does something. */
export class Credentials {
  readonly #keys = new Map<string, Promise<string>>();

  /** @param admin a key with the role admin. */
  constructor(readonly admin: string = adminKey) {}

  /** @param origin of the approval service. */
  keyOf(person: string, origin: string, access: Access = { roles: ['approver'] }): Promise<string> {
    const id = `${person} ${JSON.stringify(access)}`;
    const known = this.#keys.get(id);
    if (known) return known;
    const made = this.#make(person, origin, access);
    this.#keys.set(id, made);
    made.catch(() => this.#keys.delete(id));
    return made;
  }

  async #make(person: string, origin: string, access: Access): Promise<string> {
    const client = new CountersignClient({ url: origin, key: this.admin });
    return (await client.auth.createKey({ name: 'for a test', subject: person, ...access })).key;
  }
}
