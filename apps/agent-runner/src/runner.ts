import type { ConversationItem, Log, Run } from '@countersign/contracts';
import { insist, type Aggregate, type Handled, type Place, type WorkPool } from '@countersign/persistence';
import { randomUUID } from 'node:crypto';
import type { Agent } from './agent.js';
import { ModelError, type Model } from './model.js';
import type { RunMessage } from './run.js';

export interface RunnerOptions {
  runs: Aggregate<Run, RunMessage>;
  /** Asked late, since the pool in turn asks the runner to attend to due runs. */
  pool(): WorkPool<Run>;
  agents: ReadonlyMap<string, Agent>;
  model: Model;
  leaseMs: number;
  log: Log;
}

const longestRetry = 60_000;

/** Moves runs on: records what arrives for them, and asks the model when it is the model's turn. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #instance = randomUUID();
  readonly #working = new Map<string, AbortController>();
  #claims = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Handles a message; when it makes the run due and there is a place free, the run is claimed in the same commit. */
  async handle(runId: string, message: RunMessage): Promise<Handled<Run>> {
    const { runs, pool } = this.#options;
    const place = pool().reserve();
    const creates = message.type === 'requested';
    if (place) return this.#claiming(place, (claim) => runs.handle(runId, message, { then: [claim], creates }));
    const handled = await runs.handle(runId, message, { creates });
    if (handled.kind === 'changed' && handled.state.due_at !== null) pool().missed();
    return handled;
  }

  /** Claims a run that is due. */
  async attend(run: Run, place: Place): Promise<void> {
    await this.#claiming(place, (claim) => this.#options.runs.handle(run.run_id, claim, { known: run }));
  }

  /** Stops what this process does for a run that was cancelled. */
  abort(runId: string): void {
    this.#working.get(runId)?.abort();
  }

  async #claiming(
    place: Place,
    handle: (claim: Extract<RunMessage, { type: 'claimed' }>) => Promise<Handled<Run>>,
  ): Promise<Handled<Run>> {
    const worker = `${this.#instance}/${++this.#claims}`;
    try {
      const handled = await handle({ type: 'claimed', worker, lease_ms: this.#options.leaseMs });
      const claimed = handled.kind === 'changed' && handled.state.lease?.worker === worker;
      if (claimed) place.start((stopping) => this.#work(handled.state, worker, stopping));
      else place.release();
      return handled;
    } catch (error) {
      place.release();
      throw error;
    }
  }

  /** Asks the model until the run ends, pauses, or is no longer ours. */
  async #work(claimed: Run, worker: string, stopping: AbortSignal): Promise<void> {
    const { runs, leaseMs, log } = this.#options;
    const lost = new AbortController();
    this.#working.set(claimed.run_id, lost);
    const heartbeat = setInterval(() => {
      const extend: RunMessage = { type: 'lease_extended', worker, lease_ms: leaseMs };
      runs.handle(claimed.run_id, extend).then(
        ({ kind }) => kind === 'changed' || lost.abort(),
        (error: unknown) => log.warn({ err: error, run_id: claimed.run_id }, 'cannot extend the lease'),
      );
    }, leaseMs / 3);
    try {
      for (let run = claimed; run.lease?.worker === worker && !lost.signal.aborted;) {
        const message = await this.#ask(run, worker, AbortSignal.any([stopping, lost.signal]));
        const handled = await insist(() => runs.handle(run.run_id, message, { known: run }), log);
        if (handled.kind !== 'changed') return;
        run = handled.state;
      }
    } finally {
      clearInterval(heartbeat);
      if (this.#working.get(claimed.run_id) === lost) this.#working.delete(claimed.run_id);
    }
  }

  async #ask(run: Run, worker: string, signal: AbortSignal): Promise<RunMessage> {
    const agent = this.#options.agents.get(run.agent_id);
    if (!agent) {
      return {
        type: 'model_failed',
        worker,
        error: `there is no agent "${run.agent_id}" any more`,
        retry_after_ms: null,
      };
    }
    try {
      const response = await this.#options.model.respond(agent, run.items as ConversationItem[], signal);
      return { type: 'model_responded', worker, agent, response };
    } catch (error) {
      if (signal.aborted) return { type: 'released', worker };
      if (!(error instanceof ModelError)) throw error;
      const retry_after_ms = error.retryAfter === null ? null : backOff(error.retryAfter, run.failures);
      this.#options.log.warn({ run_id: run.run_id, err: error, retry_after_ms }, 'the model did not answer');
      return { type: 'model_failed', worker, error: error.message, retry_after_ms };
    }
  }
}

const backOff = (first: number, failures: number): number =>
  Math.max(first, Math.min(longestRetry, first * 2 ** failures));
