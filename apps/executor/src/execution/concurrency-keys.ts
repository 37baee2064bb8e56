import type { Execution } from '@countersign/contracts/executions';
import { toEpochSeconds, after, type EpochMillis, type Clock } from '@countersign/contracts/time';
import { VersionConflict, type Collection, type Store, type StoredRecord } from '@countersign/persistence';
import { isOver } from './state.js';
import { queuedUnder } from '../dispatch/startable.js';
import type { Paused } from '../kill-switch/switches.js';

/** Who has a concurrency key. */
export interface ConcurrencyKeyHolder extends StoredRecord {
  key: string;
  execution_id: string | null;
}

export const keyCollection: Collection<ConcurrencyKeyHolder> = { name: 'concurrency_keys', key: 'key', indexes: [] };

/** Executions that are due within this time look after their key again by themselves. */
export const lookAgainMs = 10_000;

/** Whether the holder of a key is one that others have to wait for. */
function occupies(holder: Execution, paused: Paused, now: EpochMillis): boolean {
  if (isOver(holder)) return false;
  if (holder.status !== 'queued' || holder.attempts.some(({ begun }) => begun)) return true;
  const { held_by, due_at } = holder;
  const isHeld = held_by !== null && held_by.code !== 'concurrency_key' && due_at !== null && due_at > now;
  return !isHeld && !paused.has(holder.tool_name);
}

/**
 * Lets one execution of each concurrency key be made at a time, whichever instance makes it.
 *
 * A key is held by an execution from before its first start until it is over, through its retries and while no one
 * knows its outcome. One that never began and must not begin now does not occupy it: whoever looks takes the key, and a
 * start that had it before is stopped by the last look right before the effect. A key is handed to the one that has
 * waited longest and may begin. When a crash comes between the end of one and
 * that, whoever waits finds the holder over when it looks again.
 */
export class ConcurrencyKeys {
  constructor(
    private readonly holders: Store<ConcurrencyKeyHolder>,
    private readonly executions: Store<Execution>,
    private readonly now: Clock,
    private readonly paused: () => Promise<Paused>,
  ) {}

  /** @returns the execution that has the key, which is this one when it may begin. */
  take(key: string, execution: Pick<Execution, 'id'>): Promise<string> {
    return this.#decide(key, async (holder) => {
      if (holder === null || holder === execution.id) return execution.id;
      const held = await this.executions.get(holder);
      return held && occupies(held, await this.paused(), this.now()) ? holder : execution.id;
    }) as Promise<string>;
  }

  /** @returns the execution that has the key now; null: none. */
  async holder(key: string): Promise<string | null> {
    return (await this.holders.get(key))?.execution_id ?? null;
  }

  /** Hands the key on. @returns who has it now, and may begin. */
  async release(key: string, execution: Pick<Execution, 'id'>): Promise<string | null> {
    let next: string | null = null;
    await this.#decide(key, async (holder) => {
      next = null;
      if (holder !== execution.id) return holder;
      const queued = queuedUnder(await this.paused());
      const waiting = queued && { ...queued, concurrency_key: key, due_at: { lte: after(this.now(), lookAgainMs) } };
      const found = waiting
        ? await this.executions.find({ filter: waiting, sort: [['created_at', 'asc']], limit: 1 })
        : [];
      next = found[0]?.id ?? null;
      return next;
    });
    return next;
  }

  /** Stores who has the key, by compare-and-set. */
  async #decide(key: string, decide: (holder: string | null) => Promise<string | null>): Promise<string | null> {
    for (;;) {
      const known = await this.holders.get(key);
      const before = known?.execution_id ?? null;
      const execution_id = await decide(before);
      if (execution_id === before) return execution_id;
      try {
        await this.holders.commit({
          expected: known?.version ?? 0,
          state: this.#record(key, execution_id, known),
          events: [],
        });
        return execution_id;
      } catch (error) {
        if (!(error instanceof VersionConflict)) throw error;
      }
    }
  }

  #record(key: string, execution_id: string | null, known: ConcurrencyKeyHolder | undefined): ConcurrencyKeyHolder {
    const at = toEpochSeconds(this.now());
    const stored = { version: (known?.version ?? 0) + 1, due_at: null, traceparent: null, tracestate: null };
    return { key, execution_id, ...stored, created_at: known?.created_at ?? at, updated_at: at };
  }
}
