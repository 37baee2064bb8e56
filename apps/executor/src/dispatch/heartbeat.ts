import type { Log } from '@countersign/contracts';
import type { Execution } from '@countersign/contracts/executions';
import type { Millis } from '@countersign/contracts/time';
import type { CallProgress } from './call-progress.js';
import type { Executions } from '../execution/executions.js';
import { holds } from '../execution/state.js';

/** How often to see whether a call is still wanted, at the least. */
const lookEveryMs = 2_000;

export interface HeartbeatOptions {
  executions: Executions;
  leaseMs: Millis;
  progress: CallProgress;
  /** Stops the call; the reason is for people. */
  stop(reason: string): void;
  log: Log;
}

/** Keeps the lease of an attempt that is being made, and sees whether it was cancelled. */
export class Heartbeat {
  readonly #timer: NodeJS.Timeout;
  #beats = 0;
  #reported: Execution['progress'] = null;

  constructor(
    private readonly id: string,
    private readonly worker: string,
    private readonly options: HeartbeatOptions,
  ) {
    const { leaseMs, log } = options;
    const beat = () =>
      this.#beat().catch((error: unknown) => log.warn({ err: error, execution_id: id }, 'cannot extend the lease'));
    this.#timer = setInterval(() => void beat(), this.#every(leaseMs));
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #every(leaseMs: Millis): Millis {
    return Math.min(lookEveryMs, leaseMs / 3);
  }

  /** A lease is extended three times in its length, and with each progress; in between its record is only read. */
  async #beat(): Promise<void> {
    const { executions, leaseMs, progress } = this.options;
    this.#beats += 1;
    const isTime = this.#beats % Math.floor(leaseMs / 3 / this.#every(leaseMs)) === 0;
    if (!isTime && progress.latest === this.#reported) return this.#look(await executions.store.get(this.id));
    this.#reported = progress.latest;
    const extended = {
      type: 'lease_extended',
      worker: this.worker,
      lease_ms: leaseMs,
      progress: progress.latest,
    } as const;
    const { state } = await executions.handle(this.id, extended);
    this.#look(state);
  }

  /**
   * Whoever lost the lease continues where no other worker makes the call: its outcome helps to reconcile.
   */
  #look(execution: Execution | undefined): void {
    if (!execution) return;
    const { status, cancel } = execution;
    if (holds(execution, this.worker)) {
      if (cancel) this.options.stop(`cancelled by ${cancel.by}: ${cancel.note}`);
    } else if (status === 'running' || status === 'queued') {
      this.options.stop('another worker has taken the call over');
    }
  }
}
