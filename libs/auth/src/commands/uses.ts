import { VersionConflict, type Collection, type StoredRecord } from '@countersign/persistence';
import { created, Expiring, insert, update, type ExpiringOptions } from '../credentials/records.js';
import type { CommandClaims } from './token.js';

/** That a token was used, and for which message. */
interface CommandUse extends StoredRecord {
  /** The token's own id. */
  id: string;
  message: string;
  expires_at: number;
  /** Whether what it commands was seen to, one way or the other. */
  settled: boolean;
}

const commandUses: Collection<CommandUse> = { name: 'command_uses', key: 'id', indexes: [['expires_at']] };

/** A message among all that were ever sent. One that comes again has the time that it had. */
export type Message = Readonly<Record<'source' | 'id' | 'time', string>>;

/** For which message a token was used, as somebody with a message finds it. `settled`: for this, which was seen to. */
export type Use = 'this' | 'settled' | 'another';

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
    return use.settled ? 'settled' : 'this';
  }

  /** Uses a token up. Of all messages that try, one gets it. @returns for which message it is used now. */
  async record(claims: Pick<CommandClaims, 'jti' | 'exp'>, message: Message): Promise<Use> {
    const { jti: id, exp: expires_at } = claims;
    try {
      await insert(this.store, { id, message: nameOf(message), expires_at, settled: false, ...created(this.now()) });
      return 'this';
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
      return (await this.find(claims, message)) ?? 'another';
    }
  }

  /** The message was seen to: however often it comes, nothing more comes of it. */
  async settle({ jti }: Pick<CommandClaims, 'jti'>): Promise<void> {
    await update(this.store, jti, this.now(), (use) => (use.settled ? undefined : { ...use, settled: true }));
  }
}

const nameOf = ({ source, id, time }: Message): string => JSON.stringify([source, id, time]);
