import type { StreamOptions } from '@countersign/client';
import { eventually } from './eventually.js';

/** An event of a run, as whoever watches is told of it. */
export interface StreamedEvent {
  id: string;
  event: string;
  data: Record<string, unknown>;
}

interface Told {
  id: string | undefined;
  event: string;
  data: Record<string, unknown>;
}
type Open = (options: StreamOptions) => AsyncIterable<Told>;

/** Gathers what a stream tells, until it ends in whatever way or is closed. It is not connected again. */
export class EventStream {
  readonly seen: StreamedEvent[] = [];
  readonly ended: Promise<void>;
  readonly #connection = new AbortController();

  private constructor(open: Open, onState: () => void) {
    this.ended = this.#gather(open({ signal: this.#connection.signal, reconnect: false, onState }));
    this.ended.catch(() => {});
  }

  /** One that is connected. @throws ApiError */
  static async of(open: Open): Promise<EventStream> {
    const connected = Promise.withResolvers<void>();
    const stream = new EventStream(open, connected.resolve);
    await Promise.race([connected.promise, stream.ended]);
    return stream;
  }

  /** The first event of this name, once it has come. */
  next(event: string): Promise<StreamedEvent> {
    return eventually(`the event ${event}`, async () => this.seen.find((each) => each.event === event), { every: 10 });
  }

  /** Everything, once the other side has ended it. */
  async all(): Promise<StreamedEvent[]> {
    await this.ended.catch(() => {});
    return this.seen;
  }

  close(): Promise<void> {
    this.#connection.abort();
    return this.ended.catch(() => {});
  }

  async #gather(events: AsyncIterable<Told>): Promise<void> {
    for await (const { id, event, data } of events) this.seen.push({ id: id!, event, data });
  }
}

/** What was told, however the text came in pieces: the pieces of a text are one, with the id of the last. */
export function retold(events: readonly StreamedEvent[]): { id: string; event: string; text?: string }[] {
  const told: { id: string; event: string; text?: string }[] = [];
  for (const { id, event, data } of events) {
    const last = told.at(-1);
    const text = event.startsWith('RunContent') ? String(data['content']) : undefined;
    if (event === 'RunContent' && last?.event === event) Object.assign(last, { id, text: last.text! + text });
    else told.push({ id, event, ...(text !== undefined && { text }) });
  }
  return told;
}
