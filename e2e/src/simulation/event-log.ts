import { eventsTo, services, type Event, type ServiceName } from '@countersign/contracts';
import type { Dice } from './dice.js';

/** What one service reads in order: the events of one topic with one key. */
export interface Lane {
  service: ServiceName;
  events: readonly Event[];
  /** How many of them are handled. */
  position: number;
  /** One of them is being handled now. */
  busy: boolean;
}

/** Published events by topic and key, and how far each service has read them. */
export class EventLog {
  readonly #events = new Map<string, Event[]>();
  readonly lanes: Lane[] = [];

  append(event: Event): void {
    const name = `${event.type} ${event.key}`;
    const events = this.#events.get(name);
    if (events) return void events.push(event);
    const first = [event];
    this.#events.set(name, first);
    for (const service of services.filter((each) => eventsTo(each).includes(event.type)))
      this.lanes.push({ service, events: first, position: 0, busy: false });
  }

  /** All that was published. */
  all(): Event[] {
    return [...this.#events.values()].flat();
  }

  /** Lanes with something to deliver. */
  ready(): Lane[] {
    return this.lanes.filter(({ events, position, busy }) => !busy && position < events.length);
  }

  /** An event that its service has handled already, often the last of its lane. */
  handled(dice: Dice): { service: ServiceName; event: Event } | undefined {
    const lane = dice.pick(this.lanes.filter(({ position }) => position > 0));
    if (!lane) return undefined;
    const { service, events, position } = lane;
    return { service, event: events[dice.oneIn(2) ? position - 1 : dice.below(position)]! };
  }

  /** Somebody takes a lane over at a place where the service has been before; or a service reads all from the start. */
  rewind(dice: Dice): string {
    const lane = dice.pick(this.lanes.filter(({ position }) => position > 0));
    if (!lane) return 'nothing to rewind';
    if (dice.oneIn(4)) {
      for (const each of this.lanes.filter(({ service }) => service === lane.service)) each.position = 0;
      return `${lane.service} reads all from the start`;
    }
    lane.position = dice.below(lane.position);
    return `${lane.service} goes back to ${lane.events[lane.position]!.id}`;
  }
}
