import type { SignedCheckpoint } from '@countersign/contracts/audit';
import type { CommandHandler } from '@countersign/persistence';
import type { AppendLog } from '@countersign/persistence/append-log';
import type { OwnKeys } from '@countersign/signing';
import { rootAt, signCheckpoint, signNote, writeKey, type NoteSigner } from '@countersign/transparency';
import { sign } from 'node:crypto';
import type { Entry } from '../record/entry.js';
import { readNodes } from '../record/tree.js';
import { checkpointId, type CheckpointMessage, type CheckpointRecord } from './checkpoint.js';

/** Says, signed, how many entries are on record and what the root of their tree is. */
export class Checkpoints {
  constructor(
    private readonly options: {
      log: AppendLog<Entry>;
      records: CommandHandler<CheckpointRecord, CheckpointMessage>;
      keys: Pick<OwnKeys, 'ring'>;
      /** The name of the log, and so of its key. */
      origin: string;
    },
  ) {}

  /** With what checkpoints are verified, as people hand it on. */
  get key(): string {
    return writeKey(this.#signer);
  }

  get origin(): string {
    return this.options.origin;
  }

  /** Of the first `size` entries, whether or not that is published. */
  async at(size: number): Promise<SignedCheckpoint> {
    const root = await rootAt(size, readNodes(this.options.log));
    const note = await signCheckpoint({ size, root }, this.#signer);
    return { origin: this.origin, size, root: Buffer.from(root).toString('base64'), note };
  }

  /** The last that was published; undefined while nothing is on record. */
  async latest(): Promise<SignedCheckpoint | undefined> {
    const [last] = await this.options.records.store.find({ filter: {}, sort: [['size', 'desc']], limit: 1 });
    return last && { origin: last.origin, size: last.size, root: last.root, note: last.note };
  }

  /** Signs and publishes one of all that is on record, unless there is one. */
  async publish(size: number): Promise<void> {
    if (size === 0 || (await this.options.records.store.get(checkpointId(size)))) return;
    await this.options.records.execute(checkpointId(size), { type: 'signed', ...(await this.at(size)) });
  }

  /** Whether the last checkpoint is of what is stored. */
  async isWhole(): Promise<boolean> {
    const last = await this.latest();
    if (!last) return true;
    if ((await this.options.log.length()) < last.size) return false;
    return (await this.at(last.size)).root === last.root;
  }

  /** Signs another text, which no checkpoint can be taken for. */
  sign(text: string): Promise<string> {
    return signNote(text, this.#signer);
  }

  get #signer(): NoteSigner {
    const { x, privateKey } = this.options.keys.ring.signingKey;
    return {
      name: this.origin,
      kind: 'log',
      publicKey: Uint8Array.from(Buffer.from(x, 'base64url')),
      sign: (message) => Uint8Array.from(sign(null, message, privateKey)),
    };
  }
}
