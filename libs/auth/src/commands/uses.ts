import type { EpochSeconds } from '@countersign/contracts/time';
import { insertOnce, newRecord, update, type Collection, type StoredRecord } from '@countersign/persistence';
import { Expiring, type ExpiringOptions } from '../credentials/expiring.js';
import type { CommandClaims } from './token.js';

/** That a token was used, and for which message. */
interface CommandUse extends StoredRecord {
  /** The token's own id. */
  id: string;
  message: string;
  expires_at: EpochSeconds;
  /** Whether the command was handled, with any outcome. */
  handled: boolean;
}

const commandUses: Collection<CommandUse> = { name: 'command_uses', key: 'id', indexes: [['expires_at']] };

/** A message among all that were ever sent. One that comes again has the time that it had. */
export type Message = Readonly<Record<'source' | 'id' | 'time', string>>;

/** For which message a token was used, as the sender of a message finds it. `handled`: for this one, which was handled. */
export type Use = 'this' | 'handled' | 'another';

/** Which tokens were used: each for one message, however often that comes. */
export class CommandUses extends Expiring<CommandUse> {
  /** What comes again after they are removed is refused by its token. */
  constructor(options: ExpiringOptions) {
    super(commandUses, options);
  }

  /** @returns undefined while the token was not used. */
  async find({ jti }: Pick<CommandClaims, 'jti'>, message: Message): Promise<Use | undefined> {
    const use = await this.store.get(jti);
    if (!use) return undefined;
    if (use.message !== nameOf(message)) return 'another';
    // A record that does not say so, such as one of a former version, is not used once more.
    return use.handled === false ? 'this' : 'handled';
  }

  /** Uses a token up. Of all messages that try, one gets it. @returns for which message it is used now. */
  async record(claims: Pick<CommandClaims, 'jti' | 'exp'>, message: Message): Promise<Use> {
    const { jti: id, exp: expires_at } = claims;
    const use = { id, message: nameOf(message), expires_at, handled: false, ...newRecord(this.now()) };
    if (await insertOnce(this.store, use)) return 'this';
    return (await this.find(claims, message)) ?? 'another';
  }

  /** The message was handled: a redelivery has no further effect. */
  async markHandled({ jti }: Pick<CommandClaims, 'jti'>): Promise<void> {
    await update(this.store, jti, this.now(), (use) => (use.handled ? undefined : { ...use, handled: true }));
  }
}

const nameOf = ({ source, id, time }: Message): string => JSON.stringify([source, id, time]);
