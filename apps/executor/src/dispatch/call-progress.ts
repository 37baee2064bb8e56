import { emit, eventSource, type Event, type Log } from '@countersign/contracts';
import type { Execution } from '@countersign/contracts/executions';
import type { EpochMillis } from '@countersign/contracts/time';
import type { CallProgress as News } from '@countersign/tool';
import { callOf } from '../execution/state.js';
import type { Outputs } from '../results/outputs.js';

/** How often progress is published, and how many characters one event or chunk has at most. */
const every = 250;
const longest = 50_000;

export interface CallProgressOptions {
  outputs: Outputs;
  /** Characters of the output of one attempt that are kept. */
  keep: number;
  /** Tells whoever watches; what fails is not tried again. */
  publish(event: Event): Promise<void>;
  now(): EpochMillis;
  log: Log;
}

/** The progress of one attempt: stored and published a few times a second, in order, and all of it. */
export class CallProgress {
  /** How far it is, for the record. */
  latest: Execution['progress'] = null;
  #fresh = '';
  #isNew = false;
  #kept = 0;
  #skipped = 0;
  #n = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly execution: Execution,
    private readonly options: CallProgressOptions,
  ) {}

  /** Characters that were printed. */
  get printed(): number {
    return this.#kept + this.#skipped + this.#fresh.length;
  }

  /** The program of a call is not trusted: what does not parse as progress is dropped. */
  add(update: News): void {
    const { output = '', percent, message } = sound(update);
    this.#fresh += output;
    if (percent !== undefined || message !== undefined) {
      this.latest = {
        percent: percent === undefined ? (this.latest?.percent ?? null) : Math.min(100, Math.max(0, percent)),
        message: message ?? this.latest?.message ?? null,
      };
    }
    this.#isNew = true;
    this.#timer ??= setTimeout(() => void this.#flush(), every);
  }

  /** Resolves when everything is stored that can be. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#flush();
    if (this.#skipped > 0) await this.#store('', this.#n++);
  }

  #flush(): Promise<void> {
    this.#timer = undefined;
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch((error: unknown) => {
        this.options.log.warn(
          { err: error, execution_id: this.execution.id },
          'progress of a call could not be published',
        );
      });
    return this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#isNew) {
      const output = this.#fresh.slice(0, longest);
      this.#fresh = this.#fresh.slice(longest);
      this.#isNew = this.#fresh !== '';
      const n = this.#n++;
      const offset = this.#kept + this.#skipped;
      const text = output.slice(0, Math.max(0, this.options.keep - this.#kept));
      this.#kept += text.length;
      this.#skipped += output.length - text.length;
      await Promise.all([text === '' ? undefined : this.#store(text, n), this.#publish(output, offset, n)]);
    }
  }

  async #store(text: string, n: number): Promise<void> {
    const { outputs, log } = this.options;
    const { id, attempts } = this.execution;
    const chunk = { execution_id: id, attempt: attempts.length, n, text, left_out: this.#skipped };
    try {
      await outputs.add(chunk);
    } catch (error) {
      log.warn({ err: error, execution_id: id }, 'cannot store a chunk of output');
    }
  }

  async #publish(output: string, offset: number, sequence: number): Promise<void> {
    const { now, publish } = this.options;
    const { id, run_id, traceparent, tracestate } = this.execution;
    const { percent = null, message = null } = this.latest ?? {};
    const call = callOf(this.execution);
    const progress = emit('tool.execution_progress', { ...call, sequence, output, offset, percent, message });
    const event = {
      ...progress,
      id: `executions/${id}/progress/${call.attempt}/${sequence}`,
      source: eventSource('executor'),
      subject: `executions/${id}`,
      time: new Date(now()).toISOString(),
      key: run_id,
      traceparent,
      tracestate,
    };
    try {
      await publish(event);
    } catch {
      // It is a preview; what counts is stored.
    }
  }
}

const sound = ({ output, percent, message }: News): News => ({
  ...(typeof output === 'string' && { output }),
  ...(Number.isFinite(percent) && { percent: percent! }),
  ...(typeof message === 'string' && { message }),
});
