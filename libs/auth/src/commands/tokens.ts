import type { KeyObject } from 'node:crypto';
import { ProblemError } from '@countersign/contracts/problems';
import { toEpochSeconds, after, earliest, type Seconds, type EpochMillis } from '@countersign/contracts/time';
import type { CryptoKey } from 'jose';
import { requireScopes } from '../http/auth.guard.js';
import type { Credentials } from '../credentials/credentials.js';
import type { Principal } from '../principal.js';
import { commandDigest, commandScopes, type Command } from './command.js';
import { signCommandToken } from './token.js';

export interface CommandTokensOptions {
  credentials: Pick<Credentials, 'current'>;
  /** The key that signs decisions. */
  signingKey(): { kid: string; privateKey: KeyObject | CryptoKey };
  now(): EpochMillis;
}

/** Issues tokens, each for one command that its subject may send. */
export class CommandTokens {
  readonly #options: CommandTokensOptions;

  constructor(options: CommandTokensOptions) {
    this.#options = options;
  }

  /**
   * @param expires_in seconds; less when the key or login ends before.
   * @throws ProblemError when they may not give it, or their key or login ends; TerminalError when it is no such command.
   */
  async issue(
    principal: Principal,
    { command, expires_in }: { command: Command; expires_in: Seconds },
  ): Promise<{ token: string; expires_in: Seconds }> {
    const { credentials, signingKey, now } = this.#options;
    requireScopes(principal, [commandScopes[command.type]]);
    const bound = { type: command.type, digest: commandDigest(command) };
    const [standing] = await credentials.current([principal.credential]);
    const at = toEpochSeconds(now());
    const expires_at = earliest(after(at, expires_in), standing?.expires_at ?? after(at, expires_in));
    if (!standing || expires_at <= at)
      throw new ProblemError('credential_ended', 'Your key or login has ended. Use another.');
    const token = await signCommandToken({ principal, command: bound, expires_at }, signingKey(), now());
    return { token, expires_in: expires_at - at };
  }
}
