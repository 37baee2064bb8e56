import { queueOwner } from '@countersign/contracts';
import type { Run } from '@countersign/contracts/runs';
import type { EpochMillis } from '@countersign/contracts/time';
import type { Backlog, Filter, Store } from '@countersign/persistence';

/** How long a count is good for: counting for each request would cost more than it saves. */
const goodForMs = 500;

/** What to look for while more runs wait than there are workers: what has begun goes on, and owners take turns. */
export const backlog: Backlog<Run> = {
  first: { status: { in: ['RUNNING', 'PAUSED'] } },
  inTurn: async () => ({ status: 'PENDING' }),
  owner: 'queue_owner',
};

export interface RunQueueOptions {
  store: Store<Run>;
  /** Runs that may wait for a worker, of all owners. */
  limit: number;
  /** Runs of one owner that may wait. */
  perOwner: number;
  now(): EpochMillis;
}

/** The runs that wait for a worker, of this instance and all others. */
export class RunQueue {
  readonly #options: RunQueueOptions;
  /** Counts of a moment ago, with those that were let in here since; by owner, or of all. */
  readonly #counts = new Map<string | undefined, Promise<{ waiting: number }>>();
  #countedAt = -Infinity;

  constructor(options: RunQueueOptions) {
    this.#options = options;
  }

  /** @returns whether a run that its owner requests now should be refused. */
  hasTooMany({ user_id, requested_by }: Pick<Run, 'user_id' | 'requested_by'>): Promise<boolean> {
    return this.#isOver(this.#options.perOwner, queueOwner(user_id, requested_by));
  }

  /** @returns whether a run that anybody requests now should be refused. */
  isTooLong(): Promise<boolean> {
    return this.#isOver(this.#options.limit);
  }

  async #isOver(limit: number, owner?: string): Promise<boolean> {
    const count = await this.#counted(owner);
    count.waiting += 1;
    return count.waiting > limit;
  }

  #counted(owner: string | undefined): Promise<{ waiting: number }> {
    const now = this.#options.now();
    if (now - this.#countedAt > goodForMs) {
      this.#counts.clear();
      this.#countedAt = now;
    }
    const known = this.#counts.get(owner);
    if (known) return known;
    const waits: Filter<Run> = { status: 'PENDING', due_at: { lte: now } };
    const filter = owner === undefined ? waits : { ...waits, queue_owner: owner };
    const count = this.#options.store.count(filter).then((waiting) => ({ waiting }));
    this.#counts.set(owner, count);
    return count;
  }
}
