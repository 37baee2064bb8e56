import { TerminalError } from '@countersign/contracts';
import type { JWTVerifyGetKey } from 'jose';
import { AuthError } from './auth-error.js';
import { verifyCommandToken } from './command-token.js';
import type { Principal, Scope } from './principal.js';

export interface CommandTerms {
  /** What it takes to give the command. */
  scope: Scope;
  /** What is commanded, by any of its names; see `for` of a token. */
  about: readonly string[];
}

/** Finds out who sends a command over the bus, and whether they may. */
export class CommandGuard {
  /**
   * @param keyOf finds the public key that a token names, among those that decisions are verified with
   * @param now epoch milliseconds
   */
  constructor(
    private readonly keyOf: JWTVerifyGetKey,
    private readonly now: () => number,
  ) {}

  /** @throws TerminalError when nobody says so who may; RetryableError while keys cannot be fetched */
  async sender(token: string | undefined, { scope, about }: CommandTerms): Promise<Principal> {
    if (token === undefined) throw new TerminalError('The command has no token; POST /auth/tokens makes one.');
    const principal = await verifyCommandToken(token, this.keyOf, this.now(), about).catch(refuse);
    if (principal.scopes.has(scope)) return principal;
    throw new TerminalError(`${principal.subject} may not do this: it needs the scope ${scope}.`);
  }
}

function refuse(error: unknown): never {
  if (error instanceof AuthError) throw new TerminalError(error.detail, { cause: error });
  throw error;
}
