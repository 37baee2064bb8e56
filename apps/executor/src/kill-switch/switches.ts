import type { Provenance } from '@countersign/contracts/provenance';
import type { Execution, Switch } from '@countersign/contracts/executions';
import { systemClock, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import type { CommandHandler, Collection, CommandResult } from '@countersign/persistence';
import { switchId, type SwitchMessage, type SwitchRecord } from './switch.js';
import type { Tools } from '../tools/tool.js';

export const switchCollection: Collection<SwitchRecord> = { name: 'switches', key: 'id', indexes: [['paused']] };

type Held = Pick<SwitchRecord, 'id' | 'tool_name' | 'reason' | 'by'>;

/** What must not be started now. */
export class Paused {
  readonly #records: ReadonlyMap<string, Held>;

  constructor(records: readonly Held[]) {
    this.#records = new Map(records.map((record) => [record.id, record]));
  }

  get nothing(): boolean {
    return this.#records.size === 0;
  }

  /** Whether nothing at all is started. */
  get all(): boolean {
    return this.#records.has(switchId(null));
  }

  /** Names of those that are paused by themselves. */
  get tools(): string[] {
    return [...this.#records.values()].flatMap(({ tool_name }) => tool_name ?? []);
  }

  has(tool_name: string): boolean {
    return this.#by(tool_name) !== undefined;
  }

  /** The execution with what holds it now. */
  show(execution: Execution): Execution {
    const by = execution.status === 'queued' ? this.#by(execution.tool_name) : undefined;
    if (!by) return execution;
    const what = by.tool_name === null ? 'all calls are paused' : `${by.tool_name} is paused`;
    const detail = `${what} by ${by.by ?? 'unknown'}: ${by.reason ?? 'no reason'}`;
    return { ...execution, held_by: { code: 'kill_switch', detail, until: null } };
  }

  #by(tool_name: string): Held | undefined {
    return this.#records.get(switchId(null)) ?? this.#records.get(tool_name);
  }
}

/** As whoever a hold is shown that is a setting of the executor. */
const holdSetting = 'EXECUTION_HOLD';

/**
 * The kill switches, and the hold of this process, which no switch in the store turns off. They are read from the store whenever something is about to begin, so every instance obeys one as
 * soon as it is stored.
 */
export class Switches {
  #reading: Promise<Paused> | undefined;
  #next: Promise<Paused> | undefined;
  readonly #heldSince = toEpochSeconds(systemClock());

  constructor(
    private readonly commandHandler: CommandHandler<SwitchRecord, SwitchMessage>,
    private readonly tools: Tools,
    private readonly hold?: string,
  ) {}

  /**
   * Why there is nothing to turn; undefined when there is. One that is turned already can be turned back, even when its
   * tool is gone.
   */
  async problemWith(tool_name: string | null): Promise<string | undefined> {
    if (tool_name === null) return undefined;
    const tool = this.tools.get(tool_name);
    if (tool && (tool.definition?.made_by ?? 'executor') === 'executor') return undefined;
    if (await this.commandHandler.store.get(switchId(tool_name))) return undefined;
    const what = tool ? `No calls of "${tool_name}" are made by the executor.` : `There is no tool "${tool_name}".`;
    return `${what} It makes those of: ${this.tools.names().toSorted().join(', ') || 'none'}.`;
  }

  /**
   * What is paused, read after this call. Calls during a read share the next one.
   */
  paused(): Promise<Paused> {
    if (!this.#reading) return (this.#reading = this.#read());
    const after = () => (this.#reading = this.#read());
    this.#next ??= this.#reading.then(after, after);
    return this.#next;
  }

  async list(): Promise<Switch[]> {
    const records = await this.commandHandler.store.find({ filter: {}, sort: [], limit: 1_000 });
    const turned = records.map(({ tool_name, paused, reason, by, updated_at }) => ({
      tool_name,
      paused,
      reason,
      by,
      updated_at,
    }));
    if (this.hold === undefined) return turned;
    const held = { tool_name: null, paused: true, reason: this.hold, by: holdSetting, updated_at: this.#heldSince };
    return [held, ...turned.filter(({ tool_name }) => tool_name !== null)];
  }

  /** Turns it off or on, unless a later command is known. */
  turn(message: SwitchMessage, act: Partial<Provenance> = {}): Promise<CommandResult<SwitchRecord>> {
    return this.commandHandler.execute(switchId(message.tool_name), message, { act });
  }

  /** Whether there was a command about it since. */
  async wasOverruled(tool_name: string | null, at: EpochMillis): Promise<boolean> {
    const record = await this.commandHandler.store.get(switchId(tool_name));
    return record !== undefined && at <= record.said_at_ms;
  }

  #held(): Held[] {
    if (this.hold === undefined) return [];
    return [{ id: switchId(null), tool_name: null, reason: this.hold, by: holdSetting }];
  }

  async #read(): Promise<Paused> {
    this.#next = undefined;
    try {
      const turned = await this.commandHandler.store.find({ filter: { paused: true }, sort: [], limit: 1_000 });
      return new Paused([...turned, ...this.#held()]);
    } finally {
      if (!this.#next) this.#reading = undefined;
    }
  }
}
