import type { Run } from '@countersign/contracts';
import type { Store } from '@countersign/persistence';

/** How long a count is good for, in milliseconds: counting for each request would cost more than it saves. */
const goodFor = 500;

/** How many runs wait for a worker, of all instances. */
export class RunQueue {
  #length = 0;
  #countedAt = -Infinity;

  constructor(
    private readonly store: Store<Run>,
    private readonly limit: number,
    private readonly now: () => number,
  ) {}

  /** @returns whether a run that is requested now should be refused. */
  async isTooLong(): Promise<boolean> {
    const now = this.now();
    if (now - this.#countedAt > goodFor) {
      this.#countedAt = now;
      this.#length = await this.store.count({ status: 'PENDING', due_at: { lte: now } });
    }
    this.#length += 1;
    return this.#length > this.limit;
  }
}
