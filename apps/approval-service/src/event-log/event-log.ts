import { eventNames, type EventName, type HiddenArguments } from '@countersign/contracts';
import type { LoggedEvent } from '@countersign/contracts/event-log';
import { TerminalError } from '@countersign/contracts/problems';
import { decode, type Bus, type Delivery, type Subscription } from '@countersign/messaging';
import type { ServerSentEvent } from '@countersign/service';
import { setTimeout as delay } from 'node:timers/promises';
import { Latest } from './latest.js';
import { shownEvent } from './shown-event.js';
import { joinedOnce } from '../decisions/joined-once.js';

/** Previews are many, and what they say is stored elsewhere once it counts. */
const previews: readonly EventName[] = ['run.output_delta', 'tool.execution_progress'];
const topics = eventNames.filter((name) => !previews.includes(name));
/** For each topic, when this instance starts. */
const atStart = 50;
/** How long one who listens waits before it looks whether the connection still holds. */
const patienceMs = 1_000;

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
   * @yields undefined from time to time while nothing happens.
   */
  async *events(wanted: Wanted, after?: string): AsyncGenerator<ServerSentEvent | undefined, void> {
    const received: Delivery[] = after === undefined ? [] : this.#latest.after(after);
    let wake = () => {};
    const hear = (delivery: Delivery) => {
      received.push(delivery);
      wake();
    };
    this.#listeners.add(hear);
    try {
      while (!this.stopping.aborted) {
        for (const event of this.#wanted(received.splice(0), wanted))
          yield { id: event.id, event: event.type, data: event };
        yield undefined;
        const { promise: woken, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        if (received.length === 0) await Promise.race([woken, delay(patienceMs, undefined, { ref: false })]);
      }
    } finally {
      this.#listeners.delete(hear);
    }
  }

  #wanted(deliveries: readonly Delivery[], { type, run_id }: Wanted): LoggedEvent[] {
    return deliveries
      .filter(({ topic, key }) => hasType(topic, type) && (run_id === undefined || key === run_id))
      .flatMap((delivery) => read(delivery, this.hidden) ?? []);
  }
}

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
