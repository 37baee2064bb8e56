import type { Log } from '@countersign/contracts';
import type { Run } from '@countersign/contracts/runs';
import { after, secondsOf, toEpochMillis, toEpochSeconds, type Clock, type Millis } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import type { Metrics } from '@countersign/service';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentVersions } from '../agents/agent-versions.js';
import type { Agents } from '../agents/agents.js';
import { awaited, isSilent } from './silent-run.js';
import type { RunDispatcher } from '../dispatch/run-dispatcher.js';

export interface AskAgainOptions {
  runs: Pick<Store<Run>, 'find'>;
  runner: Pick<RunDispatcher, 'handle'>;
  versions: Pick<AgentVersions, 'forRun'>;
  agents: Pick<Agents, 'get' | 'missing' | 'functionOf'>;
  metrics: Pick<Metrics, 'levels'>;
  /** How long nothing is heard before it asks. */
  afterMs: Millis;
  now: Clock;
  log: Log;
}

type Kind = 'decision' | 'result';
const atOnce = 100;

/**
 * Asks once more for what runs have waited for silently, slowly: what Kafka took and lost, a topic that was deleted or a log that
 * was emptied, comes again. Several instances may do so.
 */
export class AskAgain {
  readonly #options: AskAgainOptions;
  readonly #stopping = new AbortController();
  #oldest = new Map<Kind, number>();
  #running: Promise<void> | undefined;

  constructor(options: AskAgainOptions) {
    this.#options = options;
    options.metrics.levels(
      {
        name: 'countersign_run_oldest_wait_seconds',
        help: 'For how long the run has waited that has waited longest: for a decision, or for the result of an approved call. Of all instances, and as of the last look.',
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

  async #run(): Promise<void> {
    const { afterMs, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await delay(afterMs / 2, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted)
        await this.sweep().catch((err: unknown) =>
          log.warn({ err }, 'cannot ask again for what runs wait for, retrying'),
        );
    }
  }

  /** Looks at every run that is paused, once. */
  async sweep(): Promise<void> {
    const { afterMs, now, runs } = this.#options;
    const oldest = new Map<Kind, number>();
    const until = toEpochSeconds(after(now(), -afterMs));
    for (let skip = 0; !this.#stopping.signal.aborted; skip += atOnce) {
      const filter = { status: 'PAUSED', created_at: { lte: until } } as const;
      const found = await runs.find({ filter, sort: [['created_at', 'asc']], limit: atOnce, skip });
      for (const run of found) {
        for (const { confirmation } of awaited(run)) {
          const waited = secondsOf(now() - toEpochMillis(run.created_at));
          const kind = confirmation === true ? 'result' : 'decision';
          oldest.set(kind, Math.max(waited, oldest.get(kind) ?? 0));
        }
        if (isSilent(run, afterMs, now())) await this.#ask(run);
      }
      if (found.length < atOnce) break;
    }
    this.#oldest = oldest;
  }

  async #ask(run: Run): Promise<void> {
    const { afterMs, agents, log, runner, versions } = this.#options;
    const agent = await versions.forRun(run, agents);
    if ('problem' in agent) return log.warn({ run_id: run.run_id }, `cannot ask again: ${agent.problem}`);
    await runner.handle(run.run_id, { type: 'asked_again', agent, afterMs });
  }
}
