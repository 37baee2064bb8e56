import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@countersign/contracts';
import type { EpochMillis, Millis } from '@countersign/contracts/time';
import type { Filter, Store, StoredRecord } from '../store.js';
import { Spread } from './spread.js';
import { Turns, type OwnerField } from './turns.js';

export interface WorkPoolOptions<R extends StoredRecord> {
  store: Store<R>;
  /** How many pieces of work may be under way in this process. */
  size: number;
  /** How often to look for due records. */
  pollEveryMs?: Millis;
  /** Of the due records those to look for, most urgent first; default: all of them. */
  filters?(): Promise<readonly Filter<R>[]>;
  /**
   * What to look for instead while more may be due than there are permits. Default: what has been due for longest
   * comes first, so that one requester's queue holds up everybody.
   */
  backlog?: Backlog<R>;
  now(): EpochMillis;
  /** From 0 to 1, as `Math.random`, which is the default. */
  random?(): number;
  log: Log;
  /** Sees to one due record: starts work at the place that is held for it, or gives it back. */
  onDue(record: R, permit: Permit): Promise<void>;
}

/** Who gets the next place while there are too few. */
export interface Backlog<R> {
  /** Of whose owners none has a turn: what has begun goes on, that which has been due for longest first. */
  first: Filter<R>;
  /** Whose owners take turns, those first that have the fewest places here; undefined: nothing now. */
  inTurn(): Promise<Filter<R> | undefined>;
  owner: OwnerField<R>;
}

/** One place in the pool. Whoever reserved it gives it back, or starts work that does. */
export interface Permit {
  /** Holds the place until the work ends, for its owner. A failure is logged: the record's lease brings the work back. */
  start(work: (signal: AbortSignal) => Promise<void>, owner?: string): void;
  release(): void;
}

/**
 * Bounded slow work, outside the consumers. A record that is due (`due_at` has come: waiting to be started, or its
 * worker's lease has run out) is attended to by whichever instance has a place free.
 */
export class WorkPool<R extends StoredRecord> {
  readonly #options: WorkPoolOptions<R> & Required<Pick<WorkPoolOptions<R>, 'pollEveryMs' | 'filters'>>;
  readonly #turns: Turns<R> | undefined;
  readonly #spread: Spread;
  /** Places by the owner of the work. */
  readonly #held = new Map<string, number>();
  readonly #stopping = new AbortController();
  readonly #released = new EventEmitter();
  #reserved = 0;
  /** There may be due records that found no place; the next place that comes free goes to them at once. */
  #starved = false;
  /** How often a place was refused: whoever looked for due records meanwhile may have missed the one it was for. */
  #refusals = 0;
  #wake: (() => void) | undefined;
  #polling: Promise<void> | undefined;

  constructor(options: WorkPoolOptions<R>) {
    this.#options = { pollEveryMs: 1_000, filters: async () => [{}], ...options };
    this.#spread = new Spread(options.random);
    this.#turns = options.backlog && new Turns(options.store, options.backlog.owner, this.#spread);
  }

  /** Aborted when the pool stops; work that can be handed back should then be. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Whether work that arrives now has to wait. */
  get isFull(): boolean {
    return this.#starved || this.#reserved >= this.#options.size;
  }

  start(): void {
    this.#polling ??= this.#poll();
  }

  /** A free place, or undefined when all are taken or the pool is stopping. */
  reserve(): Permit | undefined {
    if (this.#stopping.signal.aborted) return undefined;
    if (!this.#starved && this.#reserved < this.#options.size) return this.#permit();
    this.#starved = true;
    this.#refusals += 1;
    return undefined;
  }

  /** A record is due now that found no place: it was stored too late for whoever looked when the last place came free. */
  notifyDue(): void {
    this.#starved = true;
    this.#refusals += 1;
    if (this.#reserved < this.#options.size) this.#wake?.();
  }

  /** Starts nothing more from now on. */
  drain(): void {
    this.#stopping.abort();
    this.#wake?.();
  }

  /** Starts nothing more and waits for what is under way, for at most `grace` milliseconds. */
  async stop(graceMs: Millis): Promise<void> {
    this.drain();
    const deadline = AbortSignal.timeout(graceMs);
    await this.#polling;
    while (this.#reserved > 0 && !deadline.aborted) await this.#nextRelease(deadline);
  }

  #permit(onStart: () => void = () => {}): Permit {
    this.#reserved += 1;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      this.#reserved -= 1;
      this.#released.emit('released');
      if (this.#starved) this.#wake?.();
    };
    const start: Permit['start'] = (work, owner) => {
      onStart();
      this.#holds(owner, 1);
      void this.#run(work).finally(() => {
        this.#holds(owner, -1);
        release();
      });
    };
    return { release, start };
  }

  #holds(owner: string | undefined, more: 1 | -1): void {
    if (owner === undefined) return;
    const count = (this.#held.get(owner) ?? 0) + more;
    if (count > 0) this.#held.set(owner, count);
    else this.#held.delete(owner);
  }

  async #run(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await work(this.#stopping.signal);
    } catch (error) {
      this.#options.log.error({ err: error }, 'work failed; it is retried when its lease expires');
    }
  }

  async #nextRelease(signal: AbortSignal): Promise<void> {
    await once(this.#released, 'released', { signal }).catch(() => {});
  }

  async #poll(): Promise<void> {
    let failed = false;
    while (!this.#stopping.signal.aborted) {
      let more = false;
      try {
        more = await this.#startDue();
        failed = false;
      } catch (error) {
        if (!failed) this.#options.log.warn({ err: error }, 'cannot query due work, retrying');
        failed = true;
      }
      if (!more) await this.#untilWoken();
    }
  }

  /** @returns whether there may be more to do at once. */
  async #startDue(): Promise<boolean> {
    const { size, onDue } = this.#options;
    const free = size - this.#reserved;
    if (free <= 0) return false;
    const refusals = this.#refusals;
    const due = await this.#due(free);
    if (this.#stopping.signal.aborted) return false;
    this.#starved = due.length === free || this.#refusals > refusals;
    let won = 0;
    const claims = due.slice(0, size - this.#reserved).map((record) => ({ record, permit: this.#permit(() => won++) }));
    await Promise.all(claims.map(({ record, permit }) => onDue(record, permit)));
    this.#spread.claimed({ won, lost: claims.length - won });
    return this.#starved;
  }

  async #due(limit: number): Promise<R[]> {
    const { backlog, filters } = this.#options;
    if (this.#starved && backlog) return this.#fairly(backlog, limit);
    const found = await this.#oldest(await filters(), limit);
    return found.length < limit || !backlog ? found : this.#fairly(backlog, limit);
  }

  async #fairly({ first, inTurn }: Backlog<R>, limit: number): Promise<R[]> {
    const begun = await this.#oldest([first], limit);
    const filter = begun.length < limit ? await inTurn() : undefined;
    if (!filter) return begun;
    const held = (owner: string) => this.#held.get(owner) ?? 0;
    return [...begun, ...(await this.#turns!.next(this.#isDue(filter), limit - begun.length, held))];
  }

  async #oldest(filters: readonly Filter<R>[], limit: number): Promise<R[]> {
    const { store } = this.#options;
    const found: R[] = [];
    for (const filter of filters) {
      if (found.length === limit) break;
      const rest = limit - found.length;
      const reach = this.#spread.reach(rest);
      const due = await store.find({ filter: this.#isDue(filter), sort: [['due_at', 'asc']], limit: reach });
      found.push(...this.#spread.order(due).slice(0, rest));
    }
    return found;
  }

  #isDue(filter: Filter<R>): Filter<R> {
    return { ...filter, due_at: { lte: this.#options.now() } };
  }

  async #untilWoken(): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await delay(this.#options.pollEveryMs, undefined, { signal: woken.signal, ref: false }).catch(() => {});
    this.#wake = undefined;
  }
}
