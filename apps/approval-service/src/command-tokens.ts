import { issueCommandToken, verifyCommandToken, type CommandTokenOptions, type Principal } from '@countersign/auth';
import type { KeyRing } from '@countersign/signing';
import { createLocalJWKSet } from 'jose';

/** The tokens with which people command over the bus, signed with the key that signs decisions. */
export class CommandTokens {
  constructor(
    private readonly ring: () => KeyRing,
    private readonly now: () => number,
  ) {}

  issue(principal: Principal, options: CommandTokenOptions): Promise<string> {
    return issueCommandToken(principal, options, this.ring().signingKey, this.now());
  }

  /** @throws AuthError when it is none, over, or for something else than this. */
  verify(token: string, about: string): Promise<Principal> {
    return verifyCommandToken(token, createLocalJWKSet({ keys: [...this.ring().publicKeys] }), this.now(), [about]);
  }
}
