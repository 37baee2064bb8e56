import type { Event, Execution, Log } from '@countersign/contracts';
import { insist, type Aggregate, type Handled, type Place, type WorkPool } from '@countersign/persistence';
import { randomUUID } from 'node:crypto';
import type { Adapter, Outcome } from './adapter.js';
import type { EndOfRun, ExecutionMessage } from './execution.js';

export interface ExecutorOptions {
  executions: Aggregate<Execution, ExecutionMessage>;
  /** Asked late, since the pool in turn asks the executor to attend to due executions. */
  pool(): WorkPool<Execution>;
  tools: ReadonlyMap<string, Adapter>;
  leaseMs: number;
  log: Log;
}

type Claim = Extract<ExecutionMessage, { type: 'claimed' }>;

/** Makes approved calls, each once. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #instance = randomUUID();
  /** What runs here now, by execution: the worker that holds it. */
  readonly #running = new Map<string, string>();
  #claims = 0;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /**
   * Takes an approved call on; it begins in the same commit when there is a place free.
   *
   * @param problem why the decision must not be acted on; then it is recorded as refused, and somebody should look.
   */
  async accept(event: Event<'approval.resolved'>, problem?: string): Promise<void> {
    const { approval_id, tool_name } = event.data;
    const { executions, pool, tools, log } = this.#options;
    if (problem !== undefined) log.error({ approval_id, tool_name, problem }, 'a decision is refused');
    const refusal = problem ?? (tools.has(tool_name) ? null : `this executor has no tool "${tool_name}"`);
    const message: ExecutionMessage = { type: 'approved', event, refusal };
    const place = pool().reserve();
    if (place) {
      await this.#claiming(place, (claim) => executions.handle(approval_id, message, { then: [claim], creates: true }));
    } else {
      const handled = await executions.handle(approval_id, message, { creates: true });
      if (handled.kind === 'changed') pool().missed();
    }
  }

  /** Takes back what a run that is over still waited for; what runs already is let run. */
  async cancel(event: EndOfRun): Promise<void> {
    for (const requirement of event.data.requirements) {
      const { external_execution_required, approval_id } = requirement.tool_execution;
      if (!external_execution_required || approval_id === null) continue;
      await this.#options.executions.handle(approval_id, { type: 'cancelled', event, requirement });
    }
  }

  /** Sees to an execution that is due: starts it, or says that its worker is gone. */
  async attend(execution: Execution, place: Place): Promise<void> {
    const { executions } = this.#options;
    if (execution.status === 'queued') {
      await this.#claiming(place, (claim) => executions.handle(execution.id, claim, { known: execution }));
    } else {
      place.start(async () => void (await executions.handle(execution.id, { type: 'due' }, { known: execution })));
    }
  }

  /** Gives up what still runs here: nobody will see how it ends. */
  async abandonAll(): Promise<void> {
    const { executions, log } = this.#options;
    const reason = 'its worker was stopped while the call was being made';
    const abandoned = [...this.#running].map(([id, worker]) =>
      executions.handle(id, { type: 'lost', worker, reason }).catch((error: unknown) => {
        log.warn({ err: error, execution_id: id }, 'cannot be recorded now; it will be when the lease has run out');
      }),
    );
    await Promise.all(abandoned);
  }

  async #claiming(place: Place, handle: (claim: Claim) => Promise<Handled<Execution>>): Promise<void> {
    const worker = `${this.#instance}/${++this.#claims}`;
    try {
      const handled = await handle({ type: 'claimed', worker, lease_ms: this.#options.leaseMs });
      const claimed = handled.kind === 'changed' && handled.state.lease?.worker === worker;
      if (claimed) place.start(() => this.#work(handled.state, worker));
      else place.release();
    } catch (error) {
      place.release();
      throw error;
    }
  }

  async #work(execution: Execution, worker: string): Promise<void> {
    const { executions, leaseMs, log } = this.#options;
    const { id } = execution;
    this.#running.set(id, worker);
    const heartbeat = setInterval(() => {
      executions
        .handle(id, { type: 'lease_extended', worker, lease_ms: leaseMs })
        .catch((error: unknown) => log.warn({ err: error, execution_id: id }, 'cannot extend the lease'));
    }, leaseMs / 3);
    try {
      const outcome = await this.#execute(execution);
      const handled = await insist(() => executions.handle(id, report(outcome, worker), { known: execution }), log);
      if (handled.kind !== 'changed')
        log.error({ execution_id: id, outcome, reason: handled.reason }, 'an outcome came too late');
    } finally {
      clearInterval(heartbeat);
      this.#running.delete(id);
    }
  }

  async #execute(execution: Execution): Promise<Outcome> {
    try {
      return await this.#options.tools.get(execution.tool_name)!.execute(execution);
    } catch (error) {
      return { outcome: 'failed', error: error instanceof Error ? error.message : String(error) };
    }
  }
}

function report(outcome: Outcome, worker: string): ExecutionMessage {
  switch (outcome.outcome) {
    case 'succeeded':
      return { type: 'succeeded', worker, result: outcome.result };
    case 'failed':
      return { type: 'failed', worker, error: outcome.error };
    case 'unknown':
      return { type: 'lost', worker, reason: outcome.reason };
  }
}
