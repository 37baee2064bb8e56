import { derivedId, type Event } from '@countersign/contracts';
import type { Execution, HeldBy } from '@countersign/contracts/executions';
import { TerminalError } from '@countersign/contracts/problems';
import {
  toEpochSeconds,
  latest,
  toEpochMillis,
  after,
  type Millis,
  type EpochMillis,
  type EpochSeconds,
} from '@countersign/contracts/time';
import { isGatedAsRequested } from '@countersign/definitions';
import { Claims, type CommandResult, type Permit, type WorkPool } from '@countersign/persistence';
import type { Alarms } from '@countersign/service';
import type { Configuration } from '@countersign/service/configuration';
import type { DecisionGuard, RequestGuard } from '@countersign/signing';
import type { ConcurrencyKeys } from '../execution/concurrency-keys.js';
import { nothing } from '../execution/begin.js';
import type { Approved, EndOfRun, ExecutionMessage } from '../execution/messages.js';
import type { Executions } from '../execution/executions.js';
import type { Obstacle } from '../adapters/adapter.js';
import type { Switches } from '../kill-switch/switches.js';
import { toolReturnsMs, type Tools } from '../tools/tool.js';
import type { CallExecutor } from './call-executor.js';
import { StartCheck, unfit } from './start-check.js';

export interface ExecutorOptions {
  executions: Executions;
  keys: ConcurrencyKeys;
  switches: Switches;
  guard: Pick<DecisionGuard, 'examine' | 'verifyStored'>;
  /** Called with each expired lease that this instance claims. */
  tookOver?(): void;
  /** Asked late, since the pool in turn asks the executor to attend to due executions. */
  pool(): WorkPool<Execution>;
  tools: Tools;
  worker: CallExecutor;
  leaseMs: Millis;
  now(): EpochMillis;
  /** When the records here begin: of a decision from before, what became of it is not known here. */
  recordsSince(): EpochMillis;
  /** Before this time there may have been records which were removed by their age. */
  expiredBefore(): EpochMillis;
  alarms: Alarms;
  requests: Pick<RequestGuard, 'problemWithEnd'>;
  /** By which the tools are made. */
  configuration: Pick<Configuration, 'fresh' | 'digest'>;
}

type Claimed = Extract<ExecutionMessage, { type: 'claimed' }>;

/** Decides what begins and when: nothing without a decision that holds, and nothing before its time. */
export class ExecutionDispatcher {
  readonly #options: ExecutorOptions;
  readonly #claims: Claims;
  readonly #check: StartCheck;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#check = new StartCheck(options);
    this.#claims = new Claims(options.leaseMs);
  }

  /** Takes an approved call on; it begins in the same commit when nothing is in its way and there is a place free. */
  async accept(event: Event<'approval.resolved'>): Promise<void> {
    const { approval_id, tool_name, tool_version } = event.data;
    const { configuration, executions, guard, pool, alarms } = this.#options;
    await configuration.fresh();
    const { digest } = configuration;
    const { definition } = this.#options.tools.get(tool_name) ?? {};
    // A run waits for the outcome of a call that was to be made here, whatever has become of its tool.
    if (definition?.made_by === 'person' && isGatedAsRequested(tool_version, definition)) return;
    // Read meanwhile: they are read once more before the effect.
    const paused = this.#options.switches.paused();
    paused.catch(() => {});
    const verdict = await guard.examine(event.data);
    const isLate = verdict.kind === 'refused' && verdict.code === 'too_late';
    if (verdict.kind !== 'sound' && !isLate)
      alarms.refused('decision', verdict.kind, { approval_id, tool_name, reason: verdict.reason });
    if (verdict.kind === 'not_authentic') {
      const id = derivedId('refused', event.id);
      await executions.handle(id, { type: 'not_authentic', id, event, reason: verdict.reason }, { creates: true });
      return;
    }
    if (isLate || this.#isOlderThanRecords(event.data.resolved_at)) return this.#acceptUnrecorded(event);
    const message = this.#approved(event, verdict.kind === 'refused' ? verdict.reason : null);
    const permit = (await this.#mayBeginAtOnce(message, paused)) ? pool().reserve() : undefined;
    if (permit) {
      const handle = (claim: Claimed) => executions.handle(approval_id, message, { then: [claim], creates: true });
      await this.#claiming(permit, { refusal: null, digest }, handle);
    } else {
      const handled = await executions.handle(approval_id, message, { creates: true });
      if (handled.kind === 'changed') pool().notifyDue();
    }
  }

  /**
   * A decision to leave a call out finds a record of it only where a restored store has asked for the decision once more. Where there
   * is none, its run may nevertheless have heard of an approval.
   */
  async takeBack(event: Event<'approval.resolved'>): Promise<void> {
    const { alarms, executions, guard } = this.#options;
    const { approval_id, run_began_at, tool_name } = event.data;
    const known = await executions.store.get(approval_id);
    if (!known && run_began_at === null) return;
    const verdict = await guard.examine(event.data);
    if (verdict.kind === 'not_authentic')
      return alarms.refused('decision', verdict.kind, { approval_id, tool_name, reason: verdict.reason });
    const unrecorded =
      run_began_at !== null && this.#isOlderThanRecords(run_began_at)
        ? 'It was approved before its approval was asked for once more, and there is no record here of what became of it.'
        : null;
    const message = { type: 'decided_otherwise', event, unrecorded } as const;
    await executions.handle(approval_id, message, known ? { known } : { creates: true });
  }

  /** A decision without a record that is from before there could be one: a person finds out whether the call was made. */
  async #acceptUnrecorded(event: Event<'approval.resolved'>): Promise<void> {
    const { approval_id, tool_name, resolved_at } = event.data;
    const when = new Date(toEpochMillis(resolved_at)).toISOString();
    const unrecorded = `It was decided on ${when}, and there is no record here of what became of it since.`;
    const message = { ...this.#approved(event, null), unrecorded };
    const handled = await this.#options.executions.handle(approval_id, message, { creates: true });
    if (handled.kind !== 'changed' || handled.state.version > 1) return;
    this.#options.alarms.refused('decision', 'refused', { approval_id, tool_name, reason: unrecorded });
  }

  /** It waited when the store was saved that was restored since; whether it began after that, only the target knows. */
  #mayHaveBeenMadeSince({ created_at, retried_at }: Execution): boolean {
    return Math.max(created_at, retried_at ?? 0) < toEpochSeconds(this.#options.recordsSince());
  }

  async #hasBeenLost({ id, approval_id, tool_name, created_at }: Execution): Promise<void> {
    const when = new Date(toEpochMillis(created_at)).toISOString();
    const reason = `It waits since ${when}, which is before the store was restored, and there is no record here of what became of it since.`;
    const handled = await this.#options.executions.handle(id, { type: 'unrecorded', reason });
    if (handled.kind === 'changed')
      this.#options.alarms.refused('decision', 'refused', { approval_id, tool_name, reason });
  }

  #isOlderThanRecords(at: EpochSeconds): boolean {
    // Decisions and requests know their second.
    const { recordsSince, expiredBefore } = this.#options;
    return at < toEpochSeconds(latest(recordsSince(), expiredBefore()));
  }

  /**
   * Takes back what a run that is over still waited for; what runs already is let run.
   *
   * @throws TerminalError when no runner signed it
   */
  async cancel(event: EndOfRun): Promise<void> {
    const problem = await this.#options.requests.problemWithEnd(event);
    if (problem !== undefined) {
      const { run_id } = event.data;
      this.#options.alarms.refused('run_end', 'not_authentic', { run_id, reason: problem });
      throw new TerminalError('not_authentic', `run ${run_id}: ${problem}`);
    }
    for (const requirement of event.data.requirements) {
      const { approval_id, tool_name } = requirement.tool_execution;
      if (approval_id === null || this.#isAnsweredByPerson(tool_name)) continue;
      await this.#options.executions.handle(approval_id, { type: 'cancelled', event, requirement });
    }
  }

  /** Sees to an execution that is due: starts it, lets it wait, asks what came of it, or says that its worker is gone. */
  async onDue(execution: Execution, permit: Permit): Promise<void> {
    const { configuration, executions, switches } = this.#options;
    const handle = (message: ExecutionMessage) => executions.handle(execution.id, message, { known: execution });
    try {
      if (execution.status === 'running') {
        permit.start(async () => {
          const { kind } = await handle({ type: 'due' });
          if (kind === 'changed') this.#options.tookOver?.();
        });
        return;
      }
      await configuration.fresh();
      const { digest } = configuration;
      if (execution.status === 'reconciling') {
        await this.#claiming(permit, { refusal: null, digest }, handle);
      } else if (this.#mayHaveBeenMadeSince(execution)) {
        permit.start(() => this.#hasBeenLost(execution));
      } else {
        const obstacle = await this.#check.obstacle(execution);
        const refusal = obstacle ? null : await this.#check.refusal(execution);
        if (obstacle) await handle({ type: 'postponed', ...obstacle });
        // The keys of decisions may have taken long to come; a switch that was turned meanwhile holds the call.
        else if (refusal !== null || !(await switches.paused()).has(execution.tool_name))
          return await this.#claiming(permit, { refusal, digest }, handle);
        permit.release();
      }
    } catch (error) {
      permit.release();
      throw error;
    }
  }

  /**
   * Why a call must not begin right now (`held`), or not at all (`refusal`), whoever is to make it. `lost`: it may have
   * been made already, which only a person finds out.
   */
  async examine(execution: Execution): Promise<{ held: Obstacle } | { lost: Execution } | { refusal: string | null }> {
    const { configuration, executions, now, switches } = this.#options;
    await configuration.fresh();
    if (this.#mayHaveBeenMadeSince(execution)) {
      await this.#hasBeenLost(execution);
      return { lost: (await executions.store.get(execution.id)) ?? execution };
    }
    const { not_before } = execution.terms;
    if (not_before !== null && toEpochMillis(not_before) > now())
      return { held: { until: toEpochMillis(not_before), held_by: waiting(not_before) } };
    const held = await this.#check.obstacle(execution);
    if (held) return { held };
    const refusal = await this.#check.refusal(execution);
    // The keys of decisions may have taken long to come; a switch that was turned meanwhile holds the call.
    if (refusal === null && (await switches.paused()).has(execution.tool_name))
      return { held: { until: after(now(), toolReturnsMs), held_by: switchedOff(execution.tool_name) } };
    return { refusal };
  }

  #approved(event: Event<'approval.resolved'>, refusal: string | null): Approved {
    const { approval_id: id, run_id, tool_call_id, tool_name, tool_args, resolved_at } = event.data;
    const { resolved_by: approved_by, requester } = event.data;
    const tool = this.#options.tools.get(tool_name);
    const terms = tool?.terms(resolved_at) ?? nothing;
    const message = { type: 'approved', event, unrecorded: null, terms } as const;
    const problem = refusal ?? unfit(event.data, tool);
    if (!tool || problem !== null) return { ...message, refusal: problem, concurrency_key: null };
    try {
      const call = { id, run_id, tool_call_id, tool_name, tool_args, approved_by, requester };
      const first = { ...call, attempt: 1, started_at: this.#options.now() };
      return { ...message, refusal: null, concurrency_key: tool.concurrencyKey?.(first) ?? null };
    } catch (error) {
      return { ...message, refusal: (error as Error).message, concurrency_key: null };
    }
  }

  async #mayBeginAtOnce(
    { event, refusal, terms, concurrency_key }: Approved,
    paused: ReturnType<Switches['paused']>,
  ): Promise<boolean> {
    const { tools } = this.#options;
    const { tool_name } = event.data;
    if (refusal !== null || concurrency_key !== null || terms.not_before !== null) return false;
    const tool = tools.get(tool_name);
    return tool?.definition !== undefined && !tool.changeWindows && !(await paused).has(tool_name);
  }

  /** What a person fills in is the answer to its calls. */
  #isAnsweredByPerson(tool_name: string): boolean {
    return this.#options.tools.get(tool_name)?.definition?.made_by === 'person';
  }

  async #claiming(
    permit: Permit,
    { refusal, digest }: { refusal: string | null; digest: string },
    handle: (claim: Claimed) => Promise<CommandResult<Execution>>,
  ): Promise<void> {
    const { worker } = this.#options;
    await this.#claims.claim(
      permit,
      (claim) => handle({ ...claim, refusal }),
      (claimed, name) => worker.work(claimed, name, digest),
    );
  }
}

const waiting = (until: EpochSeconds): HeldBy => ({ code: 'wait', detail: 'the wait after the approval', until });
const switchedOff = (tool: string): HeldBy => ({
  code: 'kill_switch',
  detail: `a kill switch for ${tool} is on`,
  until: null,
});
