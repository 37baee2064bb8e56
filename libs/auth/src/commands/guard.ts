import { TerminalError, type CommandRefusal } from '@countersign/contracts/problems';
import { type EpochMillis, type EpochSeconds, toEpochMillis, toEpochSeconds } from '@countersign/contracts/time';
import type { JWTVerifyGetKey } from 'jose';
import { hasSameStanding, type Credentials } from '../credentials/credentials.js';
import { principalOf, type Principal } from '../principal.js';
import { commandDigest, commandScopes, type CommandEvent } from './command.js';
import { readCommandToken, type CommandClaims } from './token.js';
import type { CommandUses, Use } from './uses.js';

/** An unauthorized command. The message says why, for its sender. */
export class CommandRefused extends TerminalError<CommandRefusal> {}

export interface CommandGuardOptions {
  /** Finds the public key that a token names, among those that decisions are verified with. */
  keyOf: JWTVerifyGetKey;
  credentials: Pick<Credentials, 'current'>;
  uses: Pick<CommandUses, 'find' | 'record' | 'markHandled'>;
  /** When the records of the service begin: whether a token from before was used is not known. */
  recordsSince(): EpochMillis;
  now(): EpochMillis;
}

/** Finds out who sends a command over the bus, and whether they may. */
export class CommandGuard {
  readonly #options: CommandGuardOptions;

  constructor(options: CommandGuardOptions) {
    this.#options = options;
  }

  /**
   * Uses the token of a command up. The same message may come again, also once its token is over or its credential has
   * ended: it was let in, and whoever obeys it does so once, by what is on record of it.
   *
   * @throws CommandRefused when the sender is not authorized; RetryableError while that is unknown
   */
  async sender(command: CommandEvent): Promise<Principal> {
    const { claims } = await this.#used(command);
    return principalIn(claims);
  }

  /**
   * As `sender`, for what would be another thing if it were done again later: has the command seen to, and from then on
   * nothing more comes of its message, which anybody may write once more. Until `see` has resolved, it is seen to again.
   *
   * @param see also gets the time at which the token was made, whatever time the message says.
   */
  async once(command: CommandEvent, see: (sender: Principal, madeAt: EpochSeconds) => Promise<void>): Promise<void> {
    const { claims, use } = await this.#used(command);
    if (use === 'handled') return;
    await see(principalIn(claims), claims.iat);
    await this.#options.uses.markHandled(claims);
  }

  async #used(command: CommandEvent): Promise<{ claims: CommandClaims; use: Use }> {
    const { token } = command.data;
    if (token === undefined)
      throw new CommandRefused('token_missing', 'The command has no token; POST /auth/tokens makes one.');
    const claims = await readCommandToken(token, this.#options.keyOf);
    if (!claims) throw over();
    if (claims.command.type !== command.type || claims.command.digest !== commandDigest(command))
      throw new CommandRefused(
        'token_of_another',
        'The token is for another command than this: each has a token of its own.',
      );
    const known = await this.#options.uses.find(claims, command);
    const use = known ?? (await this.#letIn(claims, command));
    if (use === 'another')
      throw new CommandRefused(
        'token_of_another',
        'The token was used for another message: each has a token of its own.',
      );
    return { claims, use };
  }

  async #letIn(claims: CommandClaims, command: CommandEvent): Promise<Use> {
    const { credentials, uses, now, recordsSince } = this.#options;
    if (now() >= toEpochMillis(claims.exp)) throw over();
    if (claims.iat < toEpochSeconds(recordsSince()))
      throw new CommandRefused(
        'token_over',
        'The token is from before the records here begin, so it may have been used. Make another.',
      );
    const who = principalIn(claims);
    const [standing] = await credentials.current([who.credential]);
    if (!standing || !hasSameStanding(who, standing))
      throw new CommandRefused(
        'sender_changed',
        `${who.subject} has a token of a key or login that has ended or whose rights have changed. Create another.`,
      );
    const scope = commandScopes[command.type];
    if (!who.scopes.has(scope))
      throw new CommandRefused('sender_may_not', `${who.subject} may not do this: it needs the scope ${scope}.`);
    return uses.record(claims, command);
  }
}

/** Makes the guard of a service, which knows where public keys are. */
export class CommandGuards {
  constructor(private readonly options: Omit<CommandGuardOptions, 'keyOf' | 'recordsSince'>) {}

  with(keyOf: JWTVerifyGetKey, recordsSince: () => EpochMillis): CommandGuard {
    return new CommandGuard({ ...this.options, keyOf, recordsSince });
  }
}

const over = () =>
  new CommandRefused('token_over', 'The token names no sender, or has expired. POST /auth/tokens makes one.');

const principalIn = ({ sub: subject, name: display_name, roles, groups, credential }: CommandClaims): Principal =>
  principalOf({ subject, display_name, roles, groups }, credential.via, credential);
