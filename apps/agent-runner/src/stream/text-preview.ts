import { emit, eventSource, type Event, type EventData, type Log } from '@countersign/contracts';
import type { Run } from '@countersign/contracts/runs';
import type { Clock } from '@countersign/contracts/time';
import { decode, encode, type Bus, type Subscription } from '@countersign/messaging';
import { Listeners } from '../dispatch/listeners.js';
import { who } from '../run/event-data.js';

/** A piece of the text that follows the entry `after` of the run's journal. */
export type TextDelta = Pick<EventData<'run.output_delta'>, 'after' | 'offset' | 'text'>;

/** How long the text of a run is gathered before other instances are sent it. */
const gatherForMs = 50;
const topic = 'run.output_delta';

interface Gathered extends TextDelta {
  run: Run;
}

/**
 * Shows the text of a step while the model writes it to whoever watches the run, here and on other instances. It is a
 * preview: some of it may be lost, and what is stored in the end is what counts.
 */
export class TextPreview {
  readonly #listeners = new Listeners<TextDelta>();
  readonly #gathered = new Map<string, Gathered>();
  #flush: NodeJS.Timeout | undefined;
  #tail: Subscription | undefined;

  /** @param alone no other instance exists that serves streams of the run. */
  constructor(
    private readonly bus: Bus,
    private readonly alone: boolean,
    private readonly log: Log,
    private readonly now: Clock,
  ) {}

  tail(): void {
    if (this.alone) return;
    this.#tail = this.bus.tail({
      topics: [topic],
      handle: (delivery) => {
        if (delivery.key === null || !this.#listeners.has(delivery.key)) return;
        this.#listeners.notify(delivery.key, (decode(delivery) as Event<typeof topic>).data);
      },
    });
  }

  /** @returns what ends it. */
  listen(runId: string, listener: (delta: TextDelta) => void): () => void {
    return this.#listeners.add(runId, listener);
  }

  /** The model went on with the text of the run's next step. */
  write(run: Run, offset: number, text: string): void {
    const after = run.journal.length - 1;
    this.#listeners.notify(run.run_id, { after, offset, text });
    if (this.alone) return;
    const gathered = this.#gathered.get(run.run_id);
    if (gathered?.after === after && gathered.offset + gathered.text.length === offset) gathered.text += text;
    else this.#gathered.set(run.run_id, { run, after, offset, text });
    this.#flush ??= setTimeout(() => this.#publish(), gatherForMs);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#flush);
    await this.#tail?.close();
  }

  #publish(): void {
    this.#flush = undefined;
    const events = [...this.#gathered.values()].map((gathered) => this.#event(gathered));
    this.#gathered.clear();
    this.bus.publish(events.map(encode)).catch((error: unknown) => {
      this.log.warn({ err: error }, 'cannot publish a text preview');
    });
  }

  #event({ run, after, offset, text }: Gathered): Event {
    const { run_id, steps: step } = run;
    return {
      ...emit('run.output_delta', { ...who(run), step, after, offset, text }),
      id: `runs/${run_id}/output/${step}/${offset}`,
      source: eventSource('agent-runner'),
      time: new Date(this.now()).toISOString(),
      subject: `runs/${run_id}`,
      key: run_id,
      traceparent: run.traceparent,
      tracestate: run.tracestate,
    };
  }
}
