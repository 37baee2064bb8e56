import { catalogue, eventNames, type EventName, type HiddenArguments } from '@countersign/contracts';
import { previews, type LoggedEvent } from '@countersign/contracts/event-log';
import { TerminalError } from '@countersign/contracts/problems';
import { decode, type Bus, type Delivery, type Subscription } from '@countersign/messaging';
import { ReaderQueue, SharedReads, type ServerSentEvent } from '@countersign/service';
import { setTimeout as delay } from 'node:timers/promises';
import { Latest, maxBytes, sizeOf } from './latest.js';
import { shownEvent } from './shown-event.js';
import { joinedOnce } from '../decisions/joined-once.js';

/** What the record says of these is the same once more. */
const topics = eventNames.filter((name) => !previews.has(name) && catalogue[name].from !== 'audit');
/** For each topic, when this instance starts. */
const atStart = 50;
/** How long one who listens waits before it looks whether the connection still holds. */
const patienceMs = 1_000;
/** Events that are kept as they are shown, for the readers that come to them next. */
const shownKept = 16;

export interface Wanted {
  type?: readonly EventName[] | undefined;
  run_id?: string | undefined;
}

/**
 * The latest events of all services, whichever instance published them, as this instance has seen them; what happened
 * in one run is kept for good in its journal. They are parsed only when read.
 */
export class EventLog {
  readonly #latest = new Latest();
  readonly #shown = new SharedReads<Delivery, LoggedEvent | undefined>(shownKept);
  readonly #listeners = new Set<(delivery: Delivery) => void>();
  #tail: Subscription | undefined;

  /** @param hidden what is declared here as not for everybody's eyes */
  constructor(
    private readonly stopping: AbortSignal,
    private readonly hidden: HiddenArguments,
  ) {}

  tail(bus: Pick<Bus, 'tail'>): void {
    this.#tail = bus.tail({
      topics,
      last: atStart,
      handle: (delivery) => {
        if (!this.#latest.add(delivery)) return;
        for (const hear of this.#listeners) hear(delivery);
      },
    });
  }

  async stop(): Promise<void> {
    await this.#tail?.close();
  }

  /** @throws until it hears of anything */
  readonly check = joinedOnce(() => this.#tail);

  /** Newest first, at most `limit`. */
  list(wanted: Wanted, limit: number): LoggedEvent[] {
    return this.#wanted(this.#latest.all(), wanted)
      .toSorted((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0))
      .slice(0, limit);
  }

  /**
   * @param after the id of the last event that was seen: later ones come first, as far as they are retained.
   * @yields undefined from time to time while nothing happens. Ends when more happens than its reader takes: what waits
   *   for readers is no more than is retained anyway, however many there are.
   */
  async *events(wanted: Wanted, after?: string): AsyncGenerator<ServerSentEvent | undefined, void> {
    // As much again as is retained, so that one who resumes has time for all of it.
    const received = new ReaderQueue<Delivery>(2 * maxBytes, costOf);
    for (const delivery of after === undefined ? [] : this.#latest.after(after)) received.add(delivery);
    let wake = () => {};
    const hear = (delivery: Delivery) => {
      received.add(delivery);
      wake();
    };
    this.#listeners.add(hear);
    try {
      while (!this.stopping.aborted && !received.isOver) {
        for (let next = received.take(); next && !received.isOver; next = received.take())
          for (const event of this.#wanted([next], wanted)) yield { id: event.id, event: event.type, data: event };
        yield undefined;
        const { promise: woken, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        if (received.isEmpty && !received.isOver)
          await Promise.race([woken, delay(patienceMs, undefined, { ref: false })]);
      }
    } finally {
      this.#listeners.delete(hear);
    }
  }

  #wanted(deliveries: readonly Delivery[], { type, run_id }: Wanted): LoggedEvent[] {
    return deliveries
      .filter(({ topic, key }) => hasType(topic, type) && (run_id === undefined || key === run_id))
      .flatMap((delivery) => this.#shown.get(delivery, () => read(delivery, this.hidden)) ?? []);
  }
}

/** A message costs more than its value. */
const costOf = (delivery: Delivery): number => sizeOf(delivery) + 1_000;

const hasType = (topic: string, type: readonly string[] | undefined): boolean =>
  type === undefined || type.includes(topic);

/** What is no event is among the dead letters. */
function read(delivery: Delivery, hidden: HiddenArguments): LoggedEvent | undefined {
  try {
    return shownEvent(decode(delivery), hidden);
  } catch (error) {
    if (error instanceof TerminalError) return undefined;
    throw error;
  }
}
