import type { Provenance } from '@countersign/contracts/provenance';
import { isFinishedStatus, type Run } from '@countersign/contracts/runs';
import {
  Claims,
  type Claim,
  type CommandHandler,
  type CommandResult,
  type Permit,
  type WorkPool,
} from '@countersign/persistence';
import type { RunMessage } from '../run/messages.js';
import { RunWorker, type WorkerOptions } from './run-worker.js';
import type { RunRejection } from '../run/states.js';

export interface RunnerOptions extends Omit<WorkerOptions, 'execute' | 'look'> {
  runs: CommandHandler<Run, RunMessage, RunRejection>;
  /** Is notified of every run that changed here. */
  changed(runId: string): void;
  /** Called with each expired lease whose run this instance claims. */
  tookOver?(): void;
  /** Asked late, since the pool in turn asks the runner to attend to due runs. */
  pool(): WorkPool<Run>;
}

/** Moves runs on: records what arrives for them, and has a worker see to those that are due. */
export class RunDispatcher {
  readonly #options: RunnerOptions;
  readonly #claims: Claims;
  readonly #working = new Map<string, RunWorker>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#claims = new Claims(options.leaseMs);
  }

  /** Handles a message; when it makes the run due and there is a place free, the run is claimed in the same commit. */
  async handle(
    runId: string,
    message: RunMessage,
    act: Partial<Provenance> = {},
  ): Promise<CommandResult<Run, RunRejection>> {
    const permit = this.#options.pool().reserve();
    const creates = message.type === 'requested';
    if (permit) return this.#claiming(permit, (claim) => this.#handle(runId, message, { then: [claim], creates, act }));
    const handled = await this.#handle(runId, message, { creates, act });
    if (handled.kind === 'changed' && handled.state.due_at !== null) this.#options.pool().notifyDue();
    return handled;
  }

  /** Claims a run that is due. */
  async onDue(run: Run, permit: Permit): Promise<void> {
    const { kind } = await this.#claiming(permit, (claim) => this.#handle(run.run_id, claim, { known: run }));
    if (kind === 'changed' && run.lease !== null) this.#options.tookOver?.();
  }

  /** Reads a run that this process works on again, unless its worker has seen this version of it. */
  async look(runId: string, version = Infinity): Promise<void> {
    const worker = this.#working.get(runId);
    if (!worker || worker.version >= version) return;
    const run = await this.#options.runs.store.get(runId);
    if (run) worker.see(run);
  }

  /** Whether a new run would have to wait for others here. */
  get isFull(): boolean {
    return this.#options.pool().isFull;
  }

  /** Every change of a run here comes by this, so that its worker and its session learn of it. */
  async #handle(
    runId: string,
    message: RunMessage,
    options: Parameters<CommandHandler<Run, RunMessage, RunRejection>['execute']>[2] = {},
  ): Promise<CommandResult<Run, RunRejection>> {
    const handled = await this.#options.runs.execute(runId, message, options);
    if (handled.kind !== 'changed') return handled;
    this.#working.get(runId)?.see(handled.state);
    this.#options.changed(runId);
    if (isFinishedStatus(handled.state.status)) this.#options.sessions.ended(handled.state);
    return handled;
  }

  #claiming(
    permit: Permit,
    handle: (claim: Claim) => Promise<CommandResult<Run, RunRejection>>,
  ): Promise<CommandResult<Run, RunRejection>> {
    return this.#claims.claim(permit, handle, (claimed, _worker, stopping) => this.#work(claimed, stopping));
  }

  async #work(claimed: Run, stopping: AbortSignal): Promise<void> {
    const execute: WorkerOptions['execute'] = (known, message) => this.#handle(known.run_id, message, { known });
    const look = (runId: string) => this.#options.runs.store.get(runId);
    const worker = new RunWorker({ ...this.#options, execute, look }, claimed, stopping);
    this.#working.set(claimed.run_id, worker);
    const { run_id, agent_id, session_id } = claimed;
    const attributes = {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.id': agent_id,
      'gen_ai.conversation.id': session_id,
      'countersign.run.id': run_id,
    };
    try {
      // From a claim to the next pause: while others decide, no span is open.
      await this.#options.tracing.span(`invoke_agent ${agent_id}`, { of: claimed, attributes }, () => worker.work());
    } finally {
      if (this.#working.get(claimed.run_id) === worker) this.#working.delete(claimed.run_id);
    }
  }
}
