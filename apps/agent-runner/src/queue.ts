import type { Run } from '@countersign/contracts';
import { FairQueue, type Due, type Store } from '@countersign/persistence';

/** How long a count is good for, in milliseconds: counting for each request would cost more than it saves. */
const goodFor = 500;

/** What to look for while more runs wait than there are workers: what has begun goes on, and owners take turns. */
export const backlog: readonly Due<Run>[] = [
  { filter: { status: { in: ['RUNNING', 'PAUSED'] } }, sort: [['due_at', 'asc']] },
  { filter: { status: 'PENDING' }, sort: [['queue_rank', 'asc']] },
];

export interface RunQueueOptions {
  store: Store<Run>;
  /** Runs that may wait for a worker, of all owners and instances. */
  limit: number;
  /** Runs of one owner that may wait, of those that this instance took on. */
  perOwner: number;
  now(): number;
}

/** Runs for which somebody waits belong to that user, the others to whoever sent the request. */
type Owned = Pick<Run, 'user_id' | 'requested_by'>;
const ownerOf = ({ user_id, requested_by }: Owned): string => user_id ?? requested_by ?? '';

/** The runs that wait for a worker. */
export class RunQueue {
  readonly #options: RunQueueOptions;
  #fair: FairQueue;
  #length = 0;
  #countedAt = -Infinity;

  constructor(options: RunQueueOptions) {
    this.#options = options;
    this.#fair = new FairQueue(options.now());
  }

  /** Takes up the queue that an earlier life of this process, or another instance, has left. */
  async open(): Promise<void> {
    const [first] = await this.#options.store.find({ ...backlog[1]!, limit: 1 });
    if (first) this.#fair = new FairQueue(first.queue_rank);
  }

  /** Where a run of this owner stands. @param waits whether there is no worker for it now */
  rank(run: Owned, waits: boolean): number {
    if (!waits) this.#fair.begins(this.#options.now());
    return this.#fair.rank(ownerOf(run));
  }

  /** A worker has the run now. */
  begins({ queue_rank }: Run): void {
    this.#fair.begins(queue_rank);
  }

  /** @returns whether a run that its owner requests now should be refused. */
  hasTooMany(owner: Owned): boolean {
    return this.#fair.waiting(ownerOf(owner)) >= this.#options.perOwner;
  }

  /** @returns whether a run that anybody requests now should be refused. */
  async isTooLong(): Promise<boolean> {
    const now = this.#options.now();
    if (now - this.#countedAt > goodFor) {
      this.#countedAt = now;
      this.#length = await this.#options.store.count({ status: 'PENDING', due_at: { lte: now } });
    }
    this.#length += 1;
    return this.#length > this.#options.limit;
  }
}
