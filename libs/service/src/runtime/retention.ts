import type { Log } from '@countersign/contracts';
import { type EpochMillis, after, type Millis } from '@countersign/contracts/time';
import type { RetentionPolicy } from '@countersign/persistence';
import type { Count, Metrics } from '../metrics/metrics.js';
import { setImmediate as othersTurn, setTimeout as delay } from 'node:timers/promises';

export interface RetentionOptions {
  policies: readonly RetentionPolicy[];
  /** For how long things stay that do not say it themselves. */
  ttlMs: Millis;
  log: Log;
  metrics: Pick<Metrics, 'counter'>;
  now(): EpochMillis;
  /** Follows each round of removals. */
  shrink?: (() => Promise<void>) | undefined;
  /** How often to look; every hour unless given. */
  everyMs?: Millis;
}

const hourMs = 3_600_000;

/** Removes what has served its purpose, now and every hour. Several instances may do so at the same time. */
export class Retention {
  readonly #options: RetentionOptions & Required<Pick<RetentionOptions, 'everyMs'>>;
  readonly #stopping = new AbortController();
  readonly #removed: Count<'what'>;
  #running: Promise<void> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = { everyMs: hourMs, ...options };
    this.#removed = options.metrics.counter({
      name: 'countersign_removed_total',
      help: 'Records purged by retention.',
      labels: ['what'],
    });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Begins no other batch, and waits for the one under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { everyMs, log, policies, shrink } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      for (const policy of policies) await this.#purge(policy);
      if (!signal.aborted) await shrink?.().catch((err: unknown) => log.warn({ err }, 'the file was not made smaller'));
      await delay(everyMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #purge({ name, ttlMs = this.#options.ttlMs, purgeBefore }: RetentionPolicy): Promise<void> {
    const { log, now } = this.#options;
    if (this.#stopping.signal.aborted) return;
    let removed = 0;
    try {
      for await (const some of purgeBefore(after(now(), -ttlMs))) {
        removed += some;
        this.#removed.add({ what: name }, some);
        if (this.#stopping.signal.aborted) break;
        await othersTurn();
      }
    } catch (error) {
      log.warn({ err: error, policy: name }, 'purge failed, retrying');
    }
    if (removed > 0) log.info({ policy: name, removed }, 'purged');
  }
}
