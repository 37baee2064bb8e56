import type { Switch } from '@countersign/contracts';
import type { Aggregate, Collection, Handled } from '@countersign/persistence';
import { switchId, type SwitchMessage, type SwitchRecord } from './switch.js';

export const switchCollection: Collection<SwitchRecord> = { name: 'switches', key: 'id', indexes: [['paused']] };

/** What must not be started now. */
export class Paused {
  readonly #ids: ReadonlySet<string>;

  constructor(records: readonly Pick<SwitchRecord, 'id'>[]) {
    this.#ids = new Set(records.map(({ id }) => id));
  }

  get nothing(): boolean {
    return this.#ids.size === 0;
  }

  has(tool_name: string): boolean {
    return this.#ids.has(switchId(null)) || this.#ids.has(tool_name);
  }
}

/**
 * The kill switches. They are read from the store whenever something is about to begin, so every instance obeys one as
 * soon as it is stored.
 */
export class Switches {
  #reading: Promise<Paused> | undefined;
  #next: Promise<Paused> | undefined;

  constructor(private readonly aggregate: Aggregate<SwitchRecord, SwitchMessage>) {}

  /**
   * What is paused, read after this was asked. Who asks while a read is under way shares the one that comes after it.
   */
  paused(): Promise<Paused> {
    if (!this.#reading) return (this.#reading = this.#read());
    const after = () => (this.#reading = this.#read());
    this.#next ??= this.#reading.then(after, after);
    return this.#next;
  }

  async list(): Promise<Switch[]> {
    const records = await this.aggregate.store.find({ filter: {}, sort: [], limit: 1_000 });
    return records.map(({ tool_name, paused, reason, by, updated_at }) => ({
      tool_name,
      paused,
      reason,
      by,
      updated_at,
    }));
  }

  /** Turns it off or on, unless something was said after this. */
  turn(message: SwitchMessage): Promise<Handled<SwitchRecord>> {
    return this.aggregate.handle(switchId(message.tool_name), message);
  }

  /** Whether anything was said of it since (epoch milliseconds). */
  async wasOverruled(tool_name: string | null, at: number): Promise<boolean> {
    const record = await this.aggregate.store.get(switchId(tool_name));
    return record !== undefined && at <= record.said_at;
  }

  async #read(): Promise<Paused> {
    this.#next = undefined;
    try {
      return new Paused(await this.aggregate.store.find({ filter: { paused: true }, sort: [], limit: 1_000 }));
    } finally {
      if (!this.#next) this.#reading = undefined;
    }
  }
}
