import {
  removeAll,
  VersionConflict,
  type Collection,
  type Database,
  type Removal,
  type Store,
  type StoredRecord,
} from '@countersign/persistence';
import { created, day, insert, secondsOf } from '../records.js';
import type { CommandClaims } from './token.js';

/** That a token was used, and for which message. */
interface CommandUse extends StoredRecord {
  /** The token's own id. */
  id: string;
  message: string;
  expires_at: number;
}

const commandUses: Collection<CommandUse> = { name: 'command_uses', key: 'id', indexes: [['expires_at']] };

/** A message among all that were ever sent. One that comes again has the time that it had. */
export type Message = Readonly<Record<'source' | 'id' | 'time', string>>;

/** Which tokens were used: each for one message, however often that comes. */
export class CommandUses {
  readonly #store: Store<CommandUse>;
  readonly #now: () => number;

  constructor({ database, now }: { database: Pick<Database, 'collection'>; now(): number }) {
    this.#store = database.collection(commandUses).store;
    this.#now = now;
  }

  /** Those of tokens that were over a day ago. What comes again later is refused by its token. */
  readonly removal: Removal = {
    what: 'command_uses',
    stays: day,
    removeBefore: (time) => removeAll(this.#store, { expires_at: { lt: secondsOf(time) } }),
  };

  /** @returns whether a token was used for this message or for another; undefined while it was not used. */
  async find({ jti }: Pick<CommandClaims, 'jti'>, message: Message): Promise<'this' | 'another' | undefined> {
    const use = await this.#store.get(jti);
    return use && (use.message === nameOf(message) ? 'this' : 'another');
  }

  /** Uses a token up. Of all messages that try, one gets it. @returns for which message it is used now. */
  async record(claims: Pick<CommandClaims, 'jti' | 'exp'>, message: Message): Promise<'this' | 'another'> {
    const { jti: id, exp: expires_at } = claims;
    try {
      await insert(this.#store, { id, message: nameOf(message), expires_at, ...created(this.#now()) });
      return 'this';
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
      return (await this.find(claims, message)) ?? 'another';
    }
  }
}

const nameOf = ({ source, id, time }: Message): string => JSON.stringify([source, id, time]);
