import type { Log } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { RetryableError } from '@countersign/contracts/problems';
import { jitteredBackoffMs } from '@countersign/contracts/time';
import type { CommandHandler, CommandResult } from '@countersign/persistence';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApprovalMessage } from '../approval/messages.js';
import type { RulesArchive } from './rules-archive.js';
import type { RulesInForce } from './rules.js';

const pageSize = 100;
/** While the store is out of reach. */
const backoff = { first_ms: 100, longest_ms: 2_000 };

/**
 * Keeps the rules in force, and holds what waits against them: all of it once, when the service starts with other rules and
 * when others are put in force. Each is one write, and whoever comes second finds nothing to do, so instances may do so at
 * the same time, and stop half way.
 */
export class Rejudging {
  readonly #stopping = new AbortController();
  #working: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly approvals: CommandHandler<Approval, ApprovalMessage>,
    private readonly inForce: RulesInForce,
    private readonly kept: Pick<RulesArchive, 'keep'>,
    private readonly log: Log,
  ) {}

  start(): void {
    const working = this.all().catch((err: unknown) => {
      this.log.error({ err }, 'pending approvals were not re-evaluated; each is when it is decided on');
    });
    this.#working = Promise.all([this.#working, working]);
  }

  /** Resolves when the write under way is done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
  }

  rejudge(approval: Approval): Promise<CommandResult<Approval>> {
    const { rules } = this.inForce;
    return this.approvals.execute(approval.id, { type: 'rejudged', rules }, { known: approval });
  }

  /** Resolves once everything that waits has been held against these rules, or when it is stopped. */
  async all(): Promise<void> {
    const { signal } = this.#stopping;
    for (let retries = 0; !signal.aborted;) {
      try {
        await this.kept.keep(this.inForce.rules);
        if ((await this.#nextPage()) === 0) return;
        retries = 0;
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        await delay(jitteredBackoffMs(backoff, retries++), undefined, { signal }).catch(() => {});
      }
    }
  }

  async #nextPage(): Promise<number> {
    const others = { status: 'pending', rules_version: { not: this.inForce.rules.version } } as const;
    const found = await this.approvals.store.find({ filter: others, sort: [], limit: pageSize });
    for (const approval of found) {
      if (this.#stopping.signal.aborted) break;
      await this.rejudge(approval);
    }
    return found.length;
  }
}
