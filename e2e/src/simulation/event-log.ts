import { actingServices, eventsTo, type ActingService, type Event } from '@countersign/contracts';
import type { Dice } from './dice.js';

/** What one service reads in order: the events of one topic with one key. */
export interface Lane {
  service: ActingService;
  events: Event[];
  /** How many of them are handled. */
  position: number;
  /** One of them is being handled now. */
  busy: boolean;
}

/** Published events by topic and key, and how far each service has read them. */
export class EventLog {
  readonly #events = new Map<string, Event[]>();
  readonly lanes: Lane[] = [];
  /** Whether something that was published is gone. */
  hasLost = false;

  append(event: Event): void {
    const name = `${event.type} ${event.key}`;
    const events = this.#events.get(name);
    if (events) return void events.push(event);
    const first = [event];
    this.#events.set(name, first);
    for (const service of actingServices.filter((each) => eventsTo(each).includes(event.type)))
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
  handled(dice: Dice): { service: ActingService; event: Event } | undefined {
    const lane = dice.pick(this.lanes.filter(({ position }) => position > 0));
    if (!lane) return undefined;
    const { service, events, position } = lane;
    return { service, event: events[dice.oneIn(2) ? position - 1 : dice.below(position)]! };
  }

  /** What one service has yet to read of a lane is gone: retention was shorter than its outage. */
  loseUnread(dice: Dice): string {
    const lane = dice.pick(this.ready());
    if (!lane) return 'nothing to lose';
    const lost = lane.events.slice(lane.position).map(({ id }) => id);
    lane.position = lane.events.length;
    this.hasLost = true;
    return `${lane.service} will never read ${lost.join(', ')}`;
  }

  /** The last messages of a topic are gone for everybody, whoever has read them: it was deleted, or a broker had not copied them. */
  loseSuffix(dice: Dice): string {
    const events = dice.pick([...this.#events.values()].filter(({ length }) => length > 0));
    if (!events) return 'nothing to lose';
    const lost = events.splice(dice.below(events.length)).map(({ id }) => id);
    for (const lane of this.lanes.filter((each) => each.events === events))
      lane.position = Math.min(lane.position, events.length);
    this.hasLost = true;
    return `the log has lost ${lost.join(', ')}`;
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
