import { catalogue, eventNames, versionIn } from '@countersign/contracts';
import { isFinishedStatus, type Run, type RunStatus } from '@countersign/contracts/runs';
import { millisOf, type Millis } from '@countersign/contracts/time';
import type { Bus, Subscription } from '@countersign/messaging';
import type { Store } from '@countersign/persistence';

/** A run may have changed without a word of it arriving here; it is looked up this often, */
const lookEveryMs = 1_000;
/** and less often where more wait than can be looked up at this rate: for them there is their deadline. */
const mostLooksPerSecond = 500;

/** The run is over, or waits for a person. */
export const waitsForPerson = ({ status, calls }: Run): boolean =>
  isFinishedStatus(status) ||
  (status === 'PAUSED' && calls.some(({ state, confirmation }) => state === 'asked' && confirmation === null));

export const hasStatus =
  (statuses: readonly RunStatus[]) =>
  ({ status }: Run): boolean =>
    statuses.includes(status);

/**
 * Lets a request wait for a run, whichever instance works on it: every instance tails the bus, and is notified of its own
 * commits directly.
 */
export class RunWatch {
  readonly #waiting = new Map<string, Set<() => void>>();
  #tail: Subscription | undefined;

  constructor(
    private readonly store: Store<Run>,
    readonly stopping: AbortSignal,
  ) {
    stopping.addEventListener('abort', () => [...this.#waiting.keys()].forEach((id) => this.changed(id)));
  }

  /** @param onChange is called for each change of a run by any instance, with the version of the run after it, if it is known. */
  tail(bus: Bus, onChange: (runId: string, version: number | undefined) => void = () => {}): void {
    const topics = eventNames.filter(
      (name) => name.startsWith('run.') && name !== 'run.output_delta' && catalogue[name].from === 'agent-runner',
    );
    this.#tail = bus.tail({
      topics,
      handle: ({ key, headers }) => {
        if (key === null) return;
        onChange(key, versionIn(headers['ce_id'] ?? '', 'runs'));
        this.changed(key);
      },
    });
  }

  /** Wakes those who wait for this run. */
  changed(runId: string): void {
    for (const wake of this.#waiting.get(runId) ?? []) wake();
  }

  /** @returns the run once it is as wanted, or as it is after `timeoutMs`, or when the signal aborts. */
  async waitFor(
    runId: string,
    isWanted: (run: Run) => boolean,
    timeoutMs: Millis,
    signal?: AbortSignal,
  ): Promise<Run | undefined> {
    const deadline = Date.now() + timeoutMs;
    signal?.addEventListener('abort', () => this.changed(runId), { once: true });
    for (;;) {
      const change = this.nextChange(runId, Math.max(0, deadline - Date.now()));
      const run = await this.store.get(runId);
      if (!run || isWanted(run) || Date.now() >= deadline || this.stopping.aborted || signal?.aborted) {
        change.dismiss();
        return run;
      }
      await change.happened;
    }
  }

  async stop(): Promise<void> {
    await this.#tail?.close();
  }

  /** Resolves when the run may have changed since this was called, and after a while in any case. */
  nextChange(runId: string, patience = Infinity): { happened: Promise<void>; dismiss(): void } {
    const { promise: happened, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(runId) ?? new Set();
    this.#waiting.set(runId, waiting.add(resolve));
    const inTurn = Math.max(lookEveryMs, millisOf(this.#waiting.size / mostLooksPerSecond));
    const timer = setTimeout(resolve, Math.min(inTurn, patience));
    const dismiss = () => {
      clearTimeout(timer);
      waiting.delete(resolve);
      if (waiting.size === 0 && this.#waiting.get(runId) === waiting) this.#waiting.delete(runId);
    };
    return { happened: happened.then(dismiss), dismiss };
  }
}
