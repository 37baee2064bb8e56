import { derivedId, TerminalError, type Event, type Execution } from '@countersign/contracts';
import type { Handled, Place, WorkPool } from '@countersign/persistence';
import type { Alarms } from '@countersign/service';
import type { DecisionGuard, RequestGuard } from '@countersign/signing';
import { randomUUID } from 'node:crypto';
import { nextOpening } from './change-window.js';
import { lookAgain, type ConcurrencyKeys } from './concurrency-keys.js';
import { nothing } from './execution.begin.js';
import type { Approved, EndOfRun, ExecutionMessage } from './execution.js';
import type { Executions } from './executions.js';
import type { Switches } from './switches.js';
import type { Tools } from './tool.js';
import type { Worker } from './worker.js';

export interface ExecutorOptions {
  executions: Executions;
  keys: ConcurrencyKeys;
  switches: Switches;
  guard: Pick<DecisionGuard, 'examine' | 'verifyStored'>;
  /** Asked late, since the pool in turn asks the executor to attend to due executions. */
  pool(): WorkPool<Execution>;
  tools: Tools;
  worker: Worker;
  leaseMs: number;
  now(): number;
  alarms: Alarms;
  requests: Pick<RequestGuard, 'problemWithEnd'>;
}

type Claim = Extract<ExecutionMessage, { type: 'claimed' }>;

/** Decides what begins and when: nothing without a decision that holds, and nothing before its time. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #instance = randomUUID();
  #claims = 0;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** Takes an approved call on; it begins in the same commit when nothing is in its way and there is a place free. */
  async accept(event: Event<'approval.resolved'>): Promise<void> {
    const { approval_id, tool_name } = event.data;
    const { executions, guard, pool, alarms } = this.#options;
    const verdict = await guard.examine(event.data);
    if (verdict.kind !== 'sound') {
      alarms.refused('decision', verdict.kind, { approval_id, tool_name, reason: verdict.reason });
    }
    if (verdict.kind === 'not_authentic') {
      const id = derivedId('refused', event.id);
      await executions.handle(id, { type: 'not_authentic', id, event, reason: verdict.reason }, { creates: true });
      return;
    }
    const message = this.#approved(event, verdict.kind === 'refused' ? verdict.reason : null);
    const place = (await this.#mayBeginAtOnce(message)) ? pool().reserve() : undefined;
    if (place) {
      const handle = (claim: Claim) => executions.handle(approval_id, message, { then: [claim], creates: true });
      await this.#claiming(place, null, handle);
    } else {
      const handled = await executions.handle(approval_id, message, { creates: true });
      if (handled.kind === 'changed') pool().missed();
    }
  }

  /**
   * Takes back what a run that is over still waited for; what runs already is let run.
   *
   * @throws TerminalError when no runner has said so
   */
  async cancel(event: EndOfRun): Promise<void> {
    const problem = await this.#options.requests.problemWithEnd(event);
    if (problem !== undefined) {
      const { run_id } = event.data;
      this.#options.alarms.refused('run_end', 'not_authentic', { run_id, reason: problem });
      throw new TerminalError(`run ${run_id}: ${problem}`);
    }
    for (const requirement of event.data.requirements) {
      const { external_execution_required, approval_id } = requirement.tool_execution;
      if (!external_execution_required || approval_id === null) continue;
      await this.#options.executions.handle(approval_id, { type: 'cancelled', event, requirement });
    }
  }

  /** Sees to an execution that is due: starts it, lets it wait, asks what came of it, or says that its worker is gone. */
  async attend(execution: Execution, place: Place): Promise<void> {
    const { executions } = this.#options;
    const handle = (message: ExecutionMessage) => executions.handle(execution.id, message, { known: execution });
    try {
      if (execution.status === 'running') {
        place.start(async () => void (await handle({ type: 'due' })));
      } else if (execution.status === 'reconciling') {
        await this.#claiming(place, null, handle);
      } else {
        const obstacle = await this.#obstacle(execution);
        if (!obstacle) return await this.#claiming(place, await this.#refusal(execution), handle);
        await handle({ type: 'postponed', ...obstacle });
        place.release();
      }
    } catch (error) {
      place.release();
      throw error;
    }
  }

  #approved(event: Event<'approval.resolved'>, refusal: string | null): Approved {
    const { approval_id: id, run_id, tool_name, tool_args, resolved_at } = event.data;
    const tool = this.#options.tools.get(tool_name);
    const message = { type: 'approved', event, terms: tool?.terms(resolved_at) ?? nothing } as const;
    if (!tool)
      return { ...message, refusal: refusal ?? `this executor has no tool "${tool_name}"`, concurrency_key: null };
    try {
      const call = { id, run_id, tool_name, tool_args, attempt: 1, started_at: this.#options.now() };
      return { ...message, refusal, concurrency_key: tool.concurrencyKey?.(call) ?? null };
    } catch (error) {
      return { ...message, refusal: refusal ?? (error as Error).message, concurrency_key: null };
    }
  }

  async #mayBeginAtOnce({ event, refusal, terms, concurrency_key }: Approved): Promise<boolean> {
    const { tools, switches } = this.#options;
    const { tool_name } = event.data;
    if (refusal !== null || concurrency_key !== null || terms.not_before !== null) return false;
    return !tools.get(tool_name)?.changeWindows && !(await switches.paused()).has(tool_name);
  }

  /** What is in the way of a start, and when to look again. */
  async #obstacle(execution: Execution): Promise<{ until: number; reason: string } | undefined> {
    const { tools, keys } = this.#options;
    const now = this.#options.now();
    const windows = tools.get(execution.tool_name)?.changeWindows;
    const opens = windows ? nextOpening(windows, now) : now;
    if (opens > now) return { until: opens, reason: 'its change window' };
    const { concurrency_key: key } = execution;
    const holder = key === null ? execution.id : await keys.take(key, execution);
    if (holder === execution.id) return undefined;
    return { until: now + lookAgain, reason: `execution ${holder}, which has the key ${key}` };
  }

  /** Why the stored decision does not allow a start; it may have been stored a while ago. */
  async #refusal(execution: Execution): Promise<string | null> {
    const { tools, guard, alarms } = this.#options;
    const { tool_name, approval_id, decision } = execution;
    if (!tools.has(tool_name)) return `this executor has no tool "${tool_name}"`;
    const verdict = await guard.verifyStored({ ...execution, jws: decision });
    if (verdict.kind === 'sound') return null;
    alarms.refused('decision', verdict.kind, { approval_id, tool_name, reason: verdict.reason });
    return verdict.reason;
  }

  async #claiming(
    place: Place,
    refusal: string | null,
    handle: (claim: Claim) => Promise<Handled<Execution>>,
  ): Promise<void> {
    const name = `${this.#instance}/${++this.#claims}`;
    try {
      const handled = await handle({ type: 'claimed', worker: name, lease_ms: this.#options.leaseMs, refusal });
      const claimed = handled.kind === 'changed' && handled.state.lease?.worker === name;
      if (claimed) place.start(() => this.#options.worker.work(handled.state, name));
      else place.release();
    } catch (error) {
      place.release();
      throw error;
    }
  }
}
