import type { Event, Log } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import { jitteredBackoffMs, atMillis, type EpochMillis, after, type Millis } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';
import { published } from '../commands/diagnostics.js';
import type { Outbox } from '../store.js';

export interface OutboxRelayOptions {
  outbox: Outbox;
  /** Appends to the log, in order, or throws. */
  publish(events: readonly Event[]): Promise<void>;
  /** Keeps for people what the log will never take; it is forgotten then. Throws a RetryableError to be asked again. */
  giveUp(event: Event, error: TerminalError): Promise<void>;
  log: Log;
  now(): EpochMillis;
  /** Whether a service waits for an event; one that none waits for may be published a little later, with the next. */
  isUrgent?(event: Event): boolean;
  /** How often to look for unpublished events. */
  sweepEveryMs?: Millis;
  /** How old such an event must be: whoever committed it gets this long. */
  sweepAfterMs?: Millis;
}

const sweepLimit = 200;
/** How long an event that is not urgent waits for others. */
const lingerMs = 15;
const backoff = { first_ms: 100, longest_ms: 2_000 };

/**
 * Publishes the events of commits, in the order of the commits, right after them; what accumulates while one batch is
 * under way becomes the next. A sweep publishes what a crash left in the outbox, of this process or of another.
 */
export class OutboxRelay {
  readonly #options: Required<OutboxRelayOptions>;
  /** Those under way by their ids, with when they were committed. */
  readonly #known = new Map<string, EpochMillis>();
  readonly #stopping = new AbortController();
  #queue: Event[] = [];
  #publishing: Promise<void> | undefined;
  #lingering: NodeJS.Timeout | undefined;
  readonly #forgetting = new Set<Promise<void>>();
  #sweeping: Promise<void> | undefined;

  constructor(options: OutboxRelayOptions) {
    this.#options = { isUrgent: () => true, sweepEveryMs: 3_000, sweepAfterMs: 5_000, ...options };
  }

  /** Takes events over; those it already has under way are left out. */
  push(events: readonly Event[]): void {
    const fresh = events.filter(({ id }) => !this.#known.has(id));
    for (const { id, time } of fresh) this.#known.set(id, atMillis(Date.parse(time)));
    this.#queue.push(...fresh);
    if (fresh.some((event) => this.#options.isUrgent(event))) this.#flush();
    else if (this.#queue.length > 0) this.#lingering ??= setTimeout(() => this.#flush(), lingerMs);
  }

  #flush(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    if (this.#queue.length > 0) this.#publishing ??= this.#publish().finally(() => (this.#publishing = undefined));
  }

  start(): void {
    this.#sweeping ??= this.#sweep();
  }

  /** When the oldest event was committed that is not published yet, as far as this process knows; undefined: none is. */
  get oldest(): EpochMillis | undefined {
    const times = [...this.#known.values()];
    return times.length === 0 ? undefined : times.reduce((oldest, each) => (each < oldest ? each : oldest));
  }

  /** Waits until all is published, for at most `grace` milliseconds; the rest stays in the outbox. */
  async stop(graceMs = 5_000): Promise<void> {
    const deadline = new AbortController();
    this.#flush();
    const settled = (async () => {
      while (this.#publishing || this.#forgetting.size > 0) await Promise.all([this.#publishing, ...this.#forgetting]);
    })();
    await Promise.race([settled, delay(graceMs, undefined, { signal: deadline.signal }).catch(() => {})]);
    deadline.abort();
    this.#stopping.abort();
    await this.#sweeping;
  }

  async #publish(): Promise<void> {
    while (this.#queue.length > 0 && !this.#stopping.signal.aborted) {
      const batch = this.#queue;
      this.#queue = [];
      const done = await this.#append(batch);
      if (published.hasSubscribers) published.publish({ events: done });
      const forgetting = this.#forgetPublished(done).finally(() => this.#forgetting.delete(forgetting));
      this.#forgetting.add(forgetting);
    }
  }

  /** @returns those that need not be published any more. */
  async #append(batch: readonly Event[]): Promise<readonly Event[]> {
    for (let retries = 0; !this.#stopping.signal.aborted; retries++) {
      try {
        await this.#options.publish(batch);
        return batch;
      } catch (error) {
        if (error instanceof TerminalError) return this.#appendEach(batch, error);
        if (retries === 0)
          this.#options.log.warn({ err: error, events: batch.length }, 'cannot publish, retrying with backoff');
        await this.#pause(jitteredBackoffMs(backoff, retries));
      }
    }
    return [];
  }

  async #appendEach(batch: readonly Event[], error: TerminalError): Promise<readonly Event[]> {
    if (batch.length === 1) {
      this.#options.log.error({ err: error, event: batch[0]!.id }, 'this event can never be published');
      return (await this.#givenUp(batch[0]!, error)) ? batch : [];
    }
    const done: Event[] = [];
    for (const event of batch) done.push(...(await this.#append([event])));
    return done;
  }

  async #givenUp(event: Event, error: TerminalError): Promise<boolean> {
    for (let retries = 0; !this.#stopping.signal.aborted; retries++) {
      try {
        await this.#options.giveUp(event, error);
        return true;
      } catch {
        await this.#pause(jitteredBackoffMs(backoff, retries));
      }
    }
    return false;
  }

  async #forgetPublished(events: readonly Event[]): Promise<void> {
    // When this fails the events stay in the outbox and a later sweep publishes them again, which changes nothing.
    await this.#options.outbox.markPublished(events).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'cannot mark events as published');
    });
    for (const { id } of events) this.#known.delete(id);
  }

  async #sweep(): Promise<void> {
    let failed = false;
    for (let before = this.#options.now(); !this.#stopping.signal.aborted;) {
      try {
        this.push(await this.#options.outbox.unpublished({ before, limit: sweepLimit }));
        failed = false;
      } catch (error) {
        if (!failed) this.#options.log.warn({ err: error }, 'cannot read the outbox, retrying');
        failed = true;
      }
      await this.#pause(this.#options.sweepEveryMs);
      before = after(this.#options.now(), -this.#options.sweepAfterMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => {});
  }
}
