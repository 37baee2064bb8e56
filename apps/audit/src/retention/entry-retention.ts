import type { LegalHold } from '@countersign/contracts/audit';
import { RetryableError } from '@countersign/contracts/problems';
import { after, type Clock, type EpochMillis, type Millis } from '@countersign/contracts/time';
import { newRecord, VersionConflict, type RetentionPolicy, type Store } from '@countersign/persistence';
import type { AppendLog } from '@countersign/persistence/append-log';
import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '../publish/publisher.js';
import type { Entry } from '../record/entry.js';
import type { Lease } from '../record/lease.js';
import { isHeld, type StoredHold } from './hold.js';

export interface EntryRetentionOptions {
  log: AppendLog<Entry>;
  positions: Store<Position>;
  holds: Pick<Store<StoredHold>, 'find' | 'count'>;
  /** Of whoever removes, and of whoever has placed a hold: never both at once. */
  lease: Pick<Lease, 'take' | 'release'>;
  published(): Promise<number>;
  now: Clock;
  /** How long entries stay; undefined: for good. */
  ttlMs: Millis | undefined;
}

const id = 'retention';
const atOnce = 100;
const pageOf = 1_000;
const holdsAtOnce = 10_000;
const waitMs = 25;
const patienceMs: Millis = 10_000;

/** Of what happened for all runs: what any of them was decided by, and who kept what. */
const staysForGood = (type: string): boolean => type.startsWith('config.') || type.startsWith('audit.hold_');

/** A key that has one of these is that of a run; others name a person or a tool, whose entries have no end. */
const ofRuns = ['run.requested', 'run.started', 'tool.call_requested', 'tool.approval_required', 'approval.created'];

/**
 * Takes what is old off the record, and leaves its place and its hashes: all proofs stay what they were. A run goes as a
 * whole, when its last entry is old, so that there is evidence of all of it or of none. Age counts from when it
 * was recorded, since anybody can write a time.
 */
export class EntryRetention {
  readonly #options: EntryRetentionOptions;
  #batch: Promise<unknown> = Promise.resolve();

  constructor(options: EntryRetentionOptions) {
    this.#options = options;
  }

  get policies(): readonly RetentionPolicy[] {
    const { ttlMs } = this.#options;
    return ttlMs === undefined ? [] : [{ name: 'audit_entries', ttlMs, purgeBefore: (time) => this.purgeBefore(time) }];
  }

  /** Resolves when nothing is removed any more by somebody who does not know of a hold that was placed before. */
  async settled(): Promise<void> {
    const { lease, now } = this.#options;
    await this.#batch.catch(() => {});
    for (const until = after(now(), patienceMs); !(await lease.take()).held;) {
      if (now() > until) throw new RetryableError('entries are being removed; the hold is placed, and may be too late');
      await delay(waitMs);
    }
    await lease.release();
  }

  async *purgeBefore(time: EpochMillis): AsyncGenerator<number, void> {
    for (let isOver = false; !isOver;) {
      const batch = this.#remove(time);
      this.#batch = batch;
      const done = await batch;
      isOver = done.isOver;
      yield done.removed;
    }
  }

  async #remove(time: EpochMillis): Promise<{ removed: number; isOver: boolean }> {
    const { lease, log, positions, published } = this.#options;
    if (!(await lease.take()).held) return { removed: 0, isOver: true };
    try {
      const holds = await this.#holds();
      const position = await this.#position();
      const bounds = { gte: position.next, lt: await published() };
      const page = await log.find({ filter: { position: bounds }, sort: [], limit: atOnce });
      const young = page.findIndex(({ recorded_at }) => recorded_at >= time);
      const old = young === -1 ? page : page.slice(0, young);
      let removed = 0;
      for (const entry of old) removed += await this.#removeWith(entry, time, holds);
      const next = { ...position, next: position.next + old.length, version: position.version + 1 };
      if (old.length > 0 || position.version === 0)
        await positions.commit({ expected: position.version, state: next, events: [] });
      return { removed, isOver: old.length < atOnce };
    } catch (error) {
      if (error instanceof VersionConflict) return { removed: 0, isOver: true };
      throw error;
    } finally {
      await lease.release();
    }
  }

  /** With the last entry of a run all of it goes: whoever comes to an earlier one passes over it. */
  async #removeWith(entry: Entry, time: EpochMillis, holds: readonly LegalHold[]): Promise<number> {
    if (entry.leaf === null) return 0;
    const all = (await this.#isOfRun(entry)) ? await this.#ending(entry, time) : [entry];
    if (all.length === 0 || isHeld(all, holds)) return 0;
    const gone = all.filter(({ leaf, type }) => leaf !== null && !staysForGood(type));
    // The last one last: what a crash leaves is found by it.
    const emptied = gone.map((each) => ({ ...each, leaf: null, actor: null, tool_name: null }));
    await this.#options.log.replace(emptied.slice(0, -1));
    await this.#options.log.replace(emptied.slice(-1));
    return gone.length;
  }

  async #isOfRun({ key }: Entry): Promise<boolean> {
    const found = await this.#options.log.find({ filter: { key, type: { in: ofRuns } }, sort: [], limit: 1 });
    return found.length > 0;
  }

  /** All entries of a run that this one ends; none while there is a later one. */
  async #ending({ key, position }: Entry, time: EpochMillis): Promise<Entry[]> {
    const { log } = this.#options;
    const [last] = await log.find({ filter: { key }, sort: [['position', 'desc']], limit: 1 });
    if (last!.position !== position || last!.recorded_at >= time) return [];
    const all: Entry[] = [];
    for (let behind = -1; ; behind = all.at(-1)!.position) {
      const page = await log.find({ filter: { key, position: { gt: behind } }, sort: [], limit: pageOf });
      all.push(...page);
      if (page.length < pageOf) return all;
    }
  }

  async #holds(): Promise<readonly LegalHold[]> {
    const found = await this.#options.holds.find({ filter: { status: 'in_force' }, sort: [], limit: holdsAtOnce });
    if (found.length === holdsAtOnce) throw new Error('there are too many legal holds, so nothing is removed');
    return found;
  }

  /** What was passed over for a hold is looked at again from the front once one was released. */
  async #position(): Promise<Position> {
    const { holds, now, positions } = this.#options;
    const released = await holds.count({ status: 'released' });
    const known = (await positions.get(id)) ?? { ...newRecord(now()), id, next: 0, released };
    return known.released === released ? known : { ...known, next: 0, released };
  }
}
