import { actorIn, identityOf, toolIn, unknownContent } from '@countersign/contracts/audit';
import { after, type Clock, type Millis } from '@countersign/contracts/time';
import { VersionConflict } from '@countersign/persistence';
import type { AppendLog } from '@countersign/persistence/append-log';
import type { Frontier } from '@countersign/transparency';
import { setTimeout as delay } from 'node:timers/promises';
import { hashOf, leafOf, nodesText, timeOf, type Entry, type Recordable } from './entry.js';
import type { Lease } from './lease.js';
import { frontierAt } from './tree.js';

/** What was seen of the messages that came here. */
export interface Counts {
  duplicates: number;
  conflicts: number;
  late: number;
}

export interface RecorderOptions {
  log: AppendLog<Entry>;
  lease: Pick<Lease, 'take' | 'release'>;
  now: Clock;
  /** Called with the size of the record whenever it has grown. */
  onGrown?(size: number): void;
  /** Called with what is on record now and was not before. */
  onRecorded?(events: readonly Identified[]): void;
  /** Called with the number of messages that had this fault. */
  onNoticed?(what: keyof Counts, count: number): void;
  /** How long a message waits for others at most, so that many are one write. */
  lingerMs?: number;
  /** How long one instance goes on while others may be waiting. */
  termMs?: number;
}

/** With its identity, which is looked at more than once. */
export type Identified = Recordable & { identity: string };

interface Waiting {
  event: Identified;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** What is known of the end of the record, while nobody else writes. */
interface Head {
  frontier: Frontier;
  /** The last number of each key that was written lately. */
  sequences: Map<string, number>;
}

const atOnce = 256;
const waitMs = 25;
const steps = 5;
/** A consumer hands over no more at once: whoever waits for more of them falls behind. */
const enough = 64;
const sequencesKept = 10_000;
const lateMs: Millis = 60_000;

/**
 * Appends events to the record, many at a time, each once: by its source and id, and once more where the same id comes
 * with other contents, since either may be the forged one. What was recorded is on disk when `record` resolves.
 */
export class Recorder {
  readonly counts: Counts = { duplicates: 0, conflicts: 0, late: 0 };
  readonly #options: Required<RecorderOptions>;
  #waiting: Waiting[] = [];
  #head: Head | undefined;
  #working: Promise<void> | undefined;

  constructor(options: RecorderOptions) {
    this.#options = {
      onGrown: () => {},
      onRecorded: () => {},
      onNoticed: () => {},
      lingerMs: 25,
      termMs: 500,
      ...options,
    };
  }

  /** @throws RetryableError when it is not known to be stored */
  record(event: Recordable): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event: { ...event, identity: identityOf(event) }, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working;
  }

  async #work(): Promise<void> {
    const { lease, now, termMs } = this.#options;
    let until = after(now(), termMs);
    for (await this.#gather(); this.#waiting.length > 0; await this.#gather()) {
      const batch = this.#waiting.slice(0, atOnce);
      try {
        const { held, unbroken } = await lease.take();
        if (!held) {
          this.#head = undefined;
          await delay(waitMs + Math.random() * waitMs);
          continue;
        }
        if (!unbroken) this.#head = undefined;
        await this.#append(batch.map(({ event }) => event));
        this.#waiting.splice(0, batch.length);
        for (const { resolve } of batch) resolve();
        if (now() < until) continue;
        await lease.release();
        until = after(now(), termMs);
      } catch (error) {
        this.#head = undefined;
        this.#waiting.splice(0, batch.length);
        for (const { reject } of batch) reject(error);
      }
    }
    this.#working = undefined;
    await lease.release().catch(() => {});
  }

  /** While more comes, up to a limit: a write costs as much as many entries, and consumers hand over no more until it is done. */
  async #gather(): Promise<void> {
    const { lingerMs } = this.#options;
    const stepMs = lingerMs / steps;
    for (let step = 0, seen = -1; step < steps && seen < this.#waiting.length; step++) {
      seen = this.#waiting.length;
      if (seen >= enough) return;
      await delay(stepMs);
    }
  }

  /** Until nobody has written in between: what was looked up is then all there is. */
  async #append(events: readonly Identified[]): Promise<void> {
    const { log, now, onGrown, onRecorded } = this.#options;
    for (;;) {
      const head = (this.#head ??= { frontier: await frontierAt(log, await log.length()), sequences: new Map() });
      const known = await this.#known(events);
      const conflicting = events.filter((event) => isAnother(event, known)).length;
      const fresh = events.filter((event) => isNew(event, known));
      const entries = await this.#entries(head, fresh);
      try {
        await log.append(entries);
      } catch (error) {
        this.#head = undefined;
        if (error instanceof VersionConflict) continue;
        throw error;
      }
      const at = now();
      this.#notice('conflicts', conflicting);
      this.#notice('duplicates', events.length - fresh.length);
      this.#notice('late', fresh.filter((event) => at - timeOf(event, at) >= lateMs).length);
      onRecorded(fresh);
      if (entries.length > 0) onGrown(head.frontier.size);
      return;
    }
  }

  /** The contents under which an event of each identity is on record. */
  async #known(events: readonly Identified[]): Promise<Map<string, Set<string>>> {
    const identities = [...new Set(events.map(({ identity }) => identity))];
    const found = await this.#options.log.find({ filter: { identity: { in: identities } }, sort: [], limit: 10_000 });
    const known = new Map<string, Set<string>>();
    for (const { identity, content } of found) known.set(identity, (known.get(identity) ?? new Set()).add(content));
    return known;
  }

  async #entries({ frontier, sequences }: Head, events: readonly Identified[]): Promise<Entry[]> {
    const { now } = this.#options;
    if (sequences.size > sequencesKept) sequences.clear();
    for (const { key } of events) if (!sequences.has(key)) sequences.set(key, await this.#lastSequence(key));
    const at = now();
    return events.map((event) => {
      const sequence = sequences.get(event.key)! + 1;
      sequences.set(event.key, sequence);
      const leaf = leafOf(event, sequence);
      const position = frontier.size;
      const { identity, type, time, key, content, data } = event;
      const found = { actor: actorIn(event), tool_name: toolIn(data) };
      const nodes = nodesText(frontier.append(hashOf(leaf)));
      return {
        position,
        identity,
        content,
        key,
        sequence,
        type,
        time,
        recorded_at: at,
        ...found,
        leaf,
        nodes,
      };
    });
  }

  async #lastSequence(key: string): Promise<number> {
    const [last] = await this.#options.log.find({ filter: { key }, sort: [['position', 'desc']], limit: 1 });
    return last?.sequence ?? 0;
  }

  #notice(what: keyof Counts, count: number): void {
    if (count === 0) return;
    this.counts[what] += count;
    this.#options.onNoticed(what, count);
  }
}

/** Whether an event of its identity is on record, and not this one. */
function isAnother(event: Identified, known: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const contents = known.get(event.identity);
  return contents !== undefined && !isThere(event, contents);
}

/** Whether this is on record neither before nor in this batch, which it joins. */
function isNew(event: Identified, known: Map<string, Set<string>>): boolean {
  const contents = known.get(event.identity) ?? new Set();
  known.set(event.identity, contents);
  if (isThere(event, contents)) return false;
  contents.add(event.content);
  return true;
}

/** What was rebuilt has lost what it was told apart by. */
const isThere = ({ content }: Identified, contents: ReadonlySet<string>): boolean =>
  contents.has(content) || contents.has(unknownContent);
