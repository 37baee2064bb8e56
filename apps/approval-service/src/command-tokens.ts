import { issueCommandToken, verifyCommandToken, type Principal } from '@countersign/auth';
import type { KeyRing } from '@countersign/signing';
import { createLocalJWKSet } from 'jose';

/** The tokens with which people command over the bus, signed with the key that signs decisions. */
export class CommandTokens {
  constructor(
    private readonly ring: () => KeyRing,
    private readonly now: () => number,
  ) {}

  /** @param expires_in seconds */
  issue(principal: Principal, expires_in: number): Promise<string> {
    return issueCommandToken(principal, expires_in, this.ring().signingKey, this.now());
  }

  /** @throws AuthError when it is none, or over. */
  verify(token: string): Promise<Principal> {
    return verifyCommandToken(token, createLocalJWKSet({ keys: [...this.ring().publicKeys] }), this.now());
  }
}
