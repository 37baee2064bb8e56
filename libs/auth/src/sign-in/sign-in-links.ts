import type { Role } from '@countersign/contracts/auth';
import { toEpochSeconds, toEpochMillis, after, type EpochSeconds } from '@countersign/contracts/time';
import { insert, newRecord, update, type Collection, type StoredRecord } from '@countersign/persistence';
import type { Identity } from '../principal.js';
import { Expiring, type ExpiringOptions } from '../credentials/expiring.js';
import { hashOf, isSecret, newSecret } from '../credentials/secret.js';

interface SignInCode extends StoredRecord, Identity {
  /** SHA-256 of the code, as hex. */
  id: string;
  key_id: string | null;
  expires_at: EpochSeconds;
  used_at: EpochSeconds | null;
}

const signInCodes: Collection<SignInCode> = { name: 'sign_in_codes', key: 'id', indexes: [['expires_at']] };

/** Seconds. */
const linkLasts = 600;

/** Links that sign a browser in, once. */
export class SignInLinks extends Expiring<SignInCode> {
  constructor(options: ExpiringOptions) {
    super(signInCodes, options);
  }

  /** @param key_id a key whose end ends what the link begins. @returns the code, and the path with it to open. */
  async create(
    subject: string,
    roles: readonly Role[],
    { groups = [], key_id = null }: { groups?: readonly string[]; key_id?: string | null } = {},
  ): Promise<{ code: string; path: string; expires_at: EpochSeconds }> {
    const code = newSecret();
    const now = this.now();
    const expires_at = after(toEpochSeconds(now), linkLasts);
    await insert(this.store, {
      id: hashOf(code),
      subject,
      roles: [...roles],
      groups: [...groups],
      key_id,
      expires_at,
      used_at: null,
      ...newRecord(now),
    });
    return { code, path: `/auth/sign-in?code=${code}`, expires_at };
  }

  /** Uses a code up. However many try at once, one of them gets something. */
  async redeem(code: string): Promise<(Identity & { key_id: string | null }) | undefined> {
    if (!isSecret(code)) return undefined;
    const now = this.now();
    const used = await update(this.store, hashOf(code), now, (record) =>
      record.used_at === null && now < toEpochMillis(record.expires_at)
        ? { ...record, used_at: toEpochSeconds(now) }
        : undefined,
    );
    if (!used?.changed) return undefined;
    const { subject, roles, groups, key_id } = used.record;
    return { subject, roles, groups, key_id };
  }
}
