import { eventually } from './eventually.js';

/** An event of a run, as whoever watches is told of it. */
export interface StreamedEvent {
  id: string;
  event: string;
  data: Record<string, unknown>;
}

/** A connection that tells what happens to a run. It gathers what comes until it ends, in whatever way. */
export class EventStream {
  readonly seen: StreamedEvent[] = [];
  readonly ended: Promise<void>;
  readonly #connection: AbortController;

  private constructor(response: Response, connection: AbortController) {
    this.#connection = connection;
    this.ended = this.#gather(response).catch(() => {});
  }

  static async open(url: string, request: RequestInit): Promise<EventStream> {
    const connection = new AbortController();
    const response = await fetch(url, { ...request, signal: connection.signal });
    const type = response.headers.get('content-type') ?? '';
    if (!type.startsWith('text/event-stream')) throw new Error(`${response.status}: ${await response.text()}`);
    return new EventStream(response, connection);
  }

  /** The first event of this name, once it has come. */
  next(event: string): Promise<StreamedEvent> {
    return eventually(`the event ${event}`, async () => this.seen.find((each) => each.event === event), { every: 10 });
  }

  /** Everything, once the other side has ended it. */
  async all(): Promise<StreamedEvent[]> {
    await this.ended;
    return this.seen;
  }

  close(): Promise<void> {
    this.#connection.abort();
    return this.ended;
  }

  async #gather(response: Response): Promise<void> {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const frames = (text + chunk).split('\n\n');
      text = frames.pop()!;
      this.seen.push(...frames.filter((frame) => !frame.startsWith(':')).map(eventIn));
    }
  }
}

function eventIn(frame: string): StreamedEvent {
  const { id, event, data } = Object.fromEntries(
    frame.split('\n').map((line) => /^(\w+): (.*)$/s.exec(line)!.slice(1) as [string, string]),
  );
  return { id: id!, event: event!, data: JSON.parse(data!) as Record<string, unknown> };
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
