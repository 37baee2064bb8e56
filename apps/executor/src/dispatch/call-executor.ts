import type { Event, Log } from '@countersign/contracts';
import type { Execution } from '@countersign/contracts/executions';
import { ConfigError, TerminalError } from '@countersign/contracts/problems';
import { type EpochMillis, after, secondsOf, toEpochMillis, type Millis } from '@countersign/contracts/time';
import type { KnownSecrets } from '@countersign/definitions/masking';
import { retryUntilStored, type CommandResult } from '@countersign/persistence';
import type { Tracing } from '@countersign/service';
import type { Configuration } from '@countersign/service/configuration';
import { InTheWay, type Obstacle, type Outcome, type Watch } from '../adapters/adapter.js';
import { CallProgress } from './call-progress.js';
import type { ExecutionMessage } from '../execution/messages.js';
import { unseen } from '../execution/state.js';
import type { LastLook } from './last-look.js';
import type { Executions } from '../execution/executions.js';
import type { ExecutionMetrics } from './execution-metrics.js';
import { previewChange } from './show-preview.js';
import { Heartbeat } from './heartbeat.js';
import { MaskedCall, maskOfCall } from '../masking/masked-call.js';
import type { Outputs } from '../results/outputs.js';
import { toolReturnsMs, type Tools } from '../tools/tool.js';

export interface WorkerOptions {
  executions: Executions;
  tools: Tools;
  /** What must not get out. */
  secrets: Pick<KnownSecrets, 'list'>;
  outputs: Outputs;
  /** Characters of the output of one attempt that are kept. */
  keepOutput: number;
  /** Tells whoever watches a call; it may fail. */
  publish(event: Event): Promise<void>;
  /** Called with the duration of a call, and with what came of one too late. */
  metrics: Pick<ExecutionMetrics, 'began' | 'called' | 'late'>;
  /** Says right before the effect what is in its way. */
  lastLook: LastLook;
  /** By which the tools are made. */
  configuration: Pick<Configuration, 'fresh' | 'digest'>;
  tracing: Tracing;
  leaseMs: Millis;
  now(): EpochMillis;
  log: Log;
}

/** Makes the calls that have begun, and records what came of them. */
export class CallExecutor {
  readonly #options: WorkerOptions;
  /** What runs here now, by execution: the name under which it was claimed. */
  readonly #running = new Map<string, string>();

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /**
   * Makes the call, or asks the target what came of it; resolves once the outcome is stored.
   *
   * @param digest of the file by which the call was examined
   */
  async work(execution: Execution, name: string, digest: string): Promise<void> {
    const { executions, leaseMs, log } = this.#options;
    const { id } = execution;
    this.#running.set(id, name);
    const stopping = new AbortController();
    const stop = (reason: string) => stopping.abort(new Error(reason));
    const progress = new CallProgress(execution, { ...this.#options, keep: this.#options.keepOutput });
    const heartbeat = new Heartbeat(id, name, { executions, leaseMs, progress, stop, log });
    try {
      const masked = new MaskedCall(maskOfCall(this.#options.secrets, execution), {
        signal: stopping.signal,
        progress: progressOf(execution, progress),
        lastLook: () => this.#lastLook(execution, digest),
      });
      const outcome = await this.#measured(execution, masked.watch);
      if (outcome instanceof InTheWay) {
        const handed = { type: 'not_begun', worker: name, ...outcome.obstacle } as const;
        return void (await retryUntilStored(() => executions.handle(id, handed, { known: execution }), log));
      }
      const made = pointingAt(id, masked.end(outcome));
      await progress.close();
      const record = (outcome: Outcome) =>
        retryUntilStored(
          () => executions.handle(id, report(outcome, name, this.#options.now()), { known: execution }),
          log,
        );
      const handled = await record(made).catch((error: unknown) => {
        if (!(error instanceof TerminalError)) throw error;
        log.error(
          { err: error, execution_id: id },
          'the result of a call can never be published; its end is published without it',
        );
        return record(withoutText(made));
      });
      if (!counts(handled, name)) this.#late(execution, made);
    } finally {
      heartbeat.end();
      this.#running.delete(id);
    }
  }

  /** Abandons what still runs here: its outcome will be unknown. */
  async abandonAll(): Promise<void> {
    const { executions, log } = this.#options;
    const reason = 'its worker was stopped while the call was being made';
    const abandoned = [...this.#running].map(([id, worker]) =>
      executions.handle(id, { type: 'lost', worker, reason }).catch((error: unknown) => {
        log.warn(
          { err: error, execution_id: id },
          'cannot be recorded now; the outcome is reconciled when the lease expires',
        );
      }),
    );
    await Promise.all(abandoned);
  }

  /** What cannot be looked up is in the way as well. */
  async #obstacle(execution: Execution, digest: string): Promise<Obstacle | undefined> {
    const { configuration, lastLook, log, now } = this.#options;
    try {
      await configuration.fresh();
      // Its tool may be another by now, or none: it is examined anew.
      if (configuration.digest !== digest) return { until: now(), held_by: otherVersion };
      return await lastLook(execution);
    } catch (error) {
      log.warn({ err: error, execution_id: execution.id }, 'cannot check whether a call may begin');
      const detail = 'whether it may begin could not be looked up';
      return { until: after(now(), 1_000), held_by: { code: 'retry', detail, until: null } };
    }
  }

  async #lastLook(execution: Execution, digest: string): Promise<void> {
    const obstacle = await this.#obstacle(execution, digest);
    if (obstacle) throw new InTheWay(obstacle);
  }

  /** A report after its attempt was given up or reconciled: it is logged as an error for people to look at. */
  #late({ id, tool_name }: Execution, { outcome }: Outcome): void {
    const { metrics, log } = this.#options;
    metrics.late(tool_name, outcome);
    log.error({ code: 'late_report', execution_id: id, tool_name, outcome }, 'late outcome ignored');
  }

  async #measured(execution: Execution, watch: Watch): Promise<Outcome | InTheWay> {
    const { metrics, now, tracing } = this.#options;
    const { id, run_id, tool_name, tool_call_id, status, attempts } = execution;
    const attributes = {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': tool_name,
      'gen_ai.tool.call.id': tool_call_id,
      'countersign.run.id': run_id,
      'countersign.execution.id': id,
      'countersign.execution.attempt': attempts.at(-1)?.attempt,
      'countersign.execution.reconciling': status === 'reconciling',
    };
    if (attempts.length === 1 && status === 'running')
      metrics.began(tool_name, secondsOf(toEpochMillis(attempts[0]!.started_at) - toEpochMillis(execution.created_at)));
    const begun = now();
    // The trace context goes out to the target.
    const outcome = await tracing.span(
      `execute_tool ${tool_name}`,
      { kind: 'client', of: execution, attributes },
      async (span) => {
        const outcome = await this.#outcome({ ...execution, ...span.context }, watch);
        span.set({ 'countersign.execution.outcome': outcome instanceof InTheWay ? 'held' : outcome.outcome });
        return outcome;
      },
    );
    if (outcome instanceof InTheWay) return outcome;
    metrics.called(execution.tool_name, outcome, secondsOf(now() - begun));
    return outcome;
  }

  async #outcome(execution: Execution, watch: Watch): Promise<Outcome | InTheWay> {
    const { id, run_id, tool_call_id, tool_name, tool_args, tool_version, attempts, status } = execution;
    const { approved_by, requester, traceparent, tracestate } = execution;
    const adapter = this.#options.tools.get(tool_name)?.adapter;
    const isAsking = status === 'reconciling';
    const { attempt, started_at } = (isAsking && unseen({ attempts })) || attempts.at(-1)!;
    const call = {
      id,
      run_id,
      tool_call_id,
      tool_name,
      tool_args,
      tool_version,
      approved_by,
      requester,
      traceparent,
      tracestate,
      attempt,
      started_at: toEpochMillis(started_at),
    };
    try {
      if (!adapter || (isAsking && !adapter.reconcile))
        throw new Error(`there is no way to make calls of ${tool_name}`);
      if (isAsking) return await adapter.reconcile!(call, watch);
      const preview = this.#options.tools.get(tool_name)?.preview;
      const changed = await previewChange(execution, preview, this.#options.now(), watch);
      return changed ?? (await adapter.execute(call, watch));
    } catch (error) {
      if (error instanceof InTheWay) return error;
      const text = error instanceof Error ? error.message : String(error);
      // Such as a secret that is just being replaced: it can be mended, and the approval holds until then.
      if (error instanceof ConfigError && !isAsking) return { outcome: 'not_begun', reason: text };
      return isAsking ? { outcome: 'unknown', reason: text } : { outcome: 'failed', error: text };
    }
  }
}

const otherVersion = {
  code: 'retry',
  detail: 'another version of the configuration was put in force before it began',
  until: null,
} as const;

/** While reconciling, output belongs to the attempt in question. */
const progressOf =
  ({ status }: Execution, progress: CallProgress): Watch['progress'] =>
  ({ output = '', ...update }) =>
    progress.add(status === 'reconciling' ? update : { ...update, output });

/** Whether a report counts: its worker may have lost the lease before. */
const counts = (handled: CommandResult<Execution>, name: string): boolean =>
  handled.kind === 'changed' &&
  !handled.state.attempts.some(({ worker, late_report }) => worker === name && late_report !== null);

/** The model gets the end of a long output, and a person all of it. */
function pointingAt(id: string, outcome: Outcome): Outcome {
  if (outcome.outcome !== 'succeeded' || !outcome.truncated) return outcome;
  return { ...outcome, result: `${outcome.result}\n[all of it: GET /executions/${id}/output]` };
}

/** An outcome whose text fits into no event; all of what was printed is in the outputs. */
function withoutText(outcome: Outcome): Outcome {
  const left = 'its result is too large for one event';
  switch (outcome.outcome) {
    case 'succeeded':
      return { ...outcome, result: `[${left}]` };
    case 'failed':
      return { ...outcome, error: left };
    case 'unknown':
    case 'not_begun':
      return { ...outcome, reason: left };
  }
}

function report(outcome: Outcome, worker: string, now: EpochMillis): ExecutionMessage {
  switch (outcome.outcome) {
    case 'not_begun': {
      const held_by = { code: 'tool_unavailable', detail: outcome.reason, until: null } as const;
      return { type: 'not_begun', worker, until: after(now, toolReturnsMs), held_by };
    }
    case 'succeeded':
      return { type: 'succeeded', worker, result: outcome.result };
    case 'failed': {
      const { error, retryable = false, retry_after_ms = 0, covers = 'attempt', code } = outcome;
      return { type: 'failed', worker, error, retryable, retry_after_ms, covers, code };
    }
    case 'unknown':
      return { type: 'lost', worker, reason: outcome.reason };
  }
}
