import { catalogue, eventNames, type Run, type RunStatus } from '@countersign/contracts';
import type { Bus, Subscription } from '@countersign/messaging';
import type { Store } from '@countersign/persistence';

/** A run may have changed without a word of it arriving here; it is looked up this often, in milliseconds. */
const lookEvery = 1_000;

/**
 * Lets a request wait for a run to reach a status, whichever instance works on it: every instance follows the bus, and
 * is told of its own commits directly.
 */
export class RunWatch {
  readonly #waiting = new Map<string, Set<() => void>>();
  #following: Subscription | undefined;

  constructor(
    private readonly store: Store<Run>,
    private readonly stopping: AbortSignal,
  ) {
    stopping.addEventListener('abort', () => [...this.#waiting.keys()].forEach((id) => this.changed(id)));
  }

  follow(bus: Bus): void {
    const topics = eventNames.filter((name) => name.startsWith('run.') && catalogue[name].from === 'agent-runner');
    this.#following = bus.follow({ topics, handle: ({ key }) => key !== null && this.changed(key) });
  }

  /** Wakes those who wait for this run. */
  changed(runId: string): void {
    for (const wake of this.#waiting.get(runId) ?? []) wake();
  }

  /** @returns the run once it has one of the statuses, or as it is after `timeout` milliseconds. */
  async waitFor(runId: string, statuses: readonly RunStatus[], timeout: number): Promise<Run | undefined> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const change = this.#nextChange(runId, Math.min(lookEvery, Math.max(0, deadline - Date.now())));
      const run = await this.store.get(runId);
      if (!run || statuses.includes(run.status) || Date.now() >= deadline || this.stopping.aborted) {
        change.dismiss();
        return run;
      }
      await change.happened;
    }
  }

  async stop(): Promise<void> {
    await this.#following?.close();
  }

  #nextChange(runId: string, patience: number) {
    const { promise: happened, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(runId) ?? new Set();
    this.#waiting.set(runId, waiting.add(resolve));
    const timer = setTimeout(resolve, patience);
    const dismiss = () => {
      clearTimeout(timer);
      waiting.delete(resolve);
      if (waiting.size === 0 && this.#waiting.get(runId) === waiting) this.#waiting.delete(runId);
    };
    return { happened: happened.then(dismiss), dismiss };
  }
}
