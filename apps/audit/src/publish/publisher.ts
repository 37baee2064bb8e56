import { emit, eventSource, maxEventBytes, type Event, type Log } from '@countersign/contracts';
import { backoffMs, millisOf, type Clock, type Seconds } from '@countersign/contracts/time';
import { newRecord, VersionConflict, type Collection, type Store, type StoredRecord } from '@countersign/persistence';
import type { AppendLog } from '@countersign/persistence/append-log';
import { setTimeout as delay } from 'node:timers/promises';
import type { Checkpoints } from '../checkpoints/checkpoints.js';
import type { Entry } from '../record/entry.js';
import type { Lease } from '../record/lease.js';

/** How far a reader of the record is, such as its publisher. */
export interface Position extends StoredRecord {
  id: string;
  next: number;
  /** Of retention: how many holds had been released when it began at the front. */
  released?: number;
}

export const positionCollection: Collection<Position> = { name: 'audit_positions', key: 'id', indexes: [] };

export interface PublisherOptions {
  log: AppendLog<Entry>;
  positions: Store<Position>;
  lease: Pick<Lease, 'take' | 'release'>;
  checkpoints: Pick<Checkpoints, 'publish'>;
  publish(events: readonly Event[]): Promise<void>;
  now: Clock;
  logger: Pick<Log, 'warn'>;
  checkpointEvery: Seconds;
  /** There may be a new checkpoint. */
  onCheckpoint?(): void;
  /** How long an entry waits for others to be published with. */
  gatherMs?: number;
}

const id = 'published';
const atOnce = 200;
/** Between two looks at a record that only another instance may have added to; less often the longer nothing comes. */
const looks = { first_ms: 250, longest_ms: 2_000 };
const retryMs = 1_000;
/** As a text in a text, what is more than this may not fit into one message. */
const largest = maxEventBytes / 3;

/**
 * Brings the record to its topic, in its order, and a checkpoint after it. The record itself is the outbox: how far it is
 * published is a number beside it, so that after a crash some are published twice and none is missing.
 */
export class Publisher {
  readonly #options: PublisherOptions & { gatherMs: number };
  readonly #stopping = new AbortController();
  #wake = () => {};
  #hasGrown = false;
  #running: Promise<void> | undefined;
  #checkpointAt = 0;

  constructor(options: PublisherOptions) {
    this.#options = { gatherMs: 50, ...options };
  }

  start(): void {
    this.#running = this.#run();
  }

  /** There is more. */
  readonly grown = (): void => {
    this.#hasGrown = true;
    this.#wake();
  };

  async stop(): Promise<void> {
    await this.#running?.finally(() => {});
  }

  /** Ends after what is on record now. */
  drain(): void {
    this.#stopping.abort();
    this.#wake();
  }

  async published(): Promise<number> {
    return (await this.#options.positions.get(id))?.next ?? 0;
  }

  async #run(): Promise<void> {
    const { lease, logger } = this.#options;
    let [failures, quiet] = [0, 0];
    for (let isLast = false; !isLast;) {
      isLast = this.#stopping.signal.aborted;
      try {
        const { held } = await lease.take();
        this.#hasGrown = false;
        quiet = held && (await this.#publishAll()) ? 0 : quiet + 1;
        failures = 0;
        if (isLast) continue;
        if (!this.#hasGrown) await this.#pause(backoffMs(looks, quiet));
        await this.#gather();
      } catch (err) {
        if (failures++ === 0) logger.warn({ err }, 'cannot publish audit records, retrying');
        if (!isLast) await this.#pause(retryMs);
      }
    }
    await lease.release().catch(() => {});
  }

  /** @returns whether there was any */
  async #publishAll(): Promise<boolean> {
    const { checkpoints, checkpointEvery, log, now, lease, onCheckpoint } = this.#options;
    const length = await log.length();
    const from = await this.#position();
    for (let position = from; position.next < length;) {
      if (!(await lease.take()).held) return true;
      position = await this.#publishFrom(position);
    }
    const isAny = from.next < length;
    if (now() - this.#checkpointAt < millisOf(checkpointEvery) && !this.#stopping.signal.aborted) return isAny;
    this.#checkpointAt = now();
    await checkpoints.publish(length);
    onCheckpoint?.();
    return isAny;
  }

  async #publishFrom(position: Position): Promise<Position> {
    const { log, positions, publish } = this.#options;
    const found = await log.find({ filter: { position: { gte: position.next } }, sort: [], limit: atOnce });
    await publish(found.map(recorded));
    const next = { ...position, next: position.next + found.length, version: position.version + 1 };
    await positions.commit({ expected: position.version, state: next, events: [] }).catch((error: unknown) => {
      if (!(error instanceof VersionConflict)) throw error;
    });
    return next;
  }

  async #position(): Promise<Position> {
    const { now, positions } = this.#options;
    return (await positions.get(id)) ?? { ...newRecord(now()), id, next: 0 };
  }

  /** What is recorded at nearly the same time is published together: each time costs as much as many entries. */
  async #gather(): Promise<void> {
    const { signal } = this.#stopping;
    await delay(this.#options.gatherMs, undefined, { signal, ref: false }).catch(() => {});
  }

  async #pause(ms: number): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#stopping.signal.aborted) return;
    await Promise.race([woken, delay(ms, undefined, { ref: false })]);
  }
}

/** An entry as an event of its own. Its id is its place, so that whoever sees it twice knows it again. */
function recorded({ position, key, sequence, type, leaf, nodes, recorded_at }: Entry): Event {
  const name = `audit/${position}`;
  return {
    id: name,
    source: eventSource('audit'),
    time: new Date(recorded_at).toISOString(),
    subject: name,
    key,
    traceparent: null,
    tracestate: null,
    ...emit('audit.recorded', {
      index: position,
      key,
      sequence,
      type,
      leaf_hash: nodes.split(' ', 1)[0]!,
      leaf: leaf === null || leaf.length > largest ? null : leaf,
    }),
  };
}
