import type { Log } from '@countersign/contracts';
import { isFinishedStatus, type Call, type Run } from '@countersign/contracts/runs';
import {
  after,
  latest,
  secondsOf,
  toEpochMillis,
  toEpochSeconds,
  type Clock,
  type Millis,
} from '@countersign/contracts/time';
import { oldestFirst, type Store } from '@countersign/persistence';
import type { Metrics } from '@countersign/service';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentVersions } from '../agents/agent-versions.js';
import type { Agents } from '../agents/agents.js';
import { awaited, isSilent } from './silent-run.js';
import type { RunDispatcher } from '../dispatch/run-dispatcher.js';

export interface ResendSweepOptions {
  runs: Pick<Store<Run>, 'find'>;
  runner: Pick<RunDispatcher, 'handle'>;
  versions: Pick<AgentVersions, 'forRun'>;
  agents: Pick<Agents, 'get' | 'missing' | 'functionOf'>;
  metrics: Pick<Metrics, 'levels'>;
  /** Idle time of a run before its requests are sent again. */
  afterMs: Millis;
  /** When it was said last what of log and store holds; runs of before are asked for at once. */
  replacedAt: Clock;
  now: Clock;
  log: Log;
}

type Kind = 'decision' | 'result' | 'reconciliation';

/**
 * Asks once more for what runs have waited for silently, slowly: what Kafka took and lost, a topic that was deleted or a log that
 * was emptied, comes again. Several instances may do so.
 */
export class ResendSweep {
  readonly #options: ResendSweepOptions;
  readonly #stopping = new AbortController();
  #oldest = new Map<Kind, number>();
  #running: Promise<void> | undefined;

  constructor(options: ResendSweepOptions) {
    this.#options = options;
    options.metrics.levels(
      {
        name: 'countersign_run_oldest_wait_seconds',
        help: 'For how long the run has waited that has waited longest: for a decision, for the result of an approved call or of one that was open when the run ended, or for a person to find out what came of it. Of all instances, and as of the last look.',
        labels: ['kind'],
      },
      () => [...this.#oldest].map(([kind, value]) => ({ labels: { kind }, value })),
    );
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  get #silence() {
    const { afterMs, replacedAt } = this.#options;
    return { afterMs, replacedAt: replacedAt() };
  }

  async #run(): Promise<void> {
    const { afterMs, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.sweep().catch((err: unknown) => log.warn({ err }, 'resend sweep failed, retrying'));
      await delay(afterMs / 2, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Examines once every paused run, and the finished ones whose calls have no outcome yet. */
  async sweep(): Promise<void> {
    const { log, now, runs: store } = this.#options;
    const silence = this.#silence;
    const oldest = new Map<Kind, number>();
    const createdUntil = toEpochSeconds(latest(after(now(), -silence.afterMs), silence.replacedAt));
    for (const filter of [{ status: 'PAUSED' }, { unsettled: true }] as const) {
      for await (const run of oldestFirst({ store, key: 'run_id', filter, createdUntil })) {
        if (this.#stopping.signal.aborted) return;
        for (const call of awaited(run)) this.#note(oldest, run, call);
        if (isSilent(run, silence, now()))
          await this.#ask(run).catch((err: unknown) =>
            log.warn({ err, run_id: run.run_id }, 'cannot resend the requests of a run'),
          );
      }
    }
    this.#oldest = oldest;
  }

  #note(oldest: Map<Kind, number>, run: Run, { confirmation, unknown }: Call): void {
    const waited = secondsOf(this.#options.now() - toEpochMillis(run.finished_at ?? run.created_at));
    const isDecided = confirmation === true || run.finished_at !== null;
    const kind = unknown ? 'reconciliation' : isDecided ? 'result' : 'decision';
    oldest.set(kind, Math.max(waited, oldest.get(kind) ?? 0));
  }

  async #ask(run: Run): Promise<void> {
    const { agents, log, runner, versions } = this.#options;
    const agent = isFinishedStatus(run.status) ? null : await versions.forRun(run, agents);
    if (agent && 'problem' in agent)
      return log.warn({ run_id: run.run_id }, `cannot resend the requests of a run: ${agent.problem}`);
    await runner.handle(run.run_id, { type: 'resend_due', agent, ...this.#silence });
  }
}
