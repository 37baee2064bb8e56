import type { Execution } from '@countersign/contracts/executions';
import type { Store } from '@countersign/persistence';
import { setTimeout as delay } from 'node:timers/promises';

/** A decision is mostly known at once, so the first looks are close to each other: 10, 20, 40 ms and so on. */
const firstLookMs = 10;

/** Decisions come over a topic of their own, so that whoever has read one may claim the call before it is known here. */
export class AwaitedDecisions {
  #waiting = 0;

  constructor(
    private readonly executions: Pick<Store<Execution>, 'get'>,
    /** Whoever waits holds a place of what it came by. */
    private readonly most: { waiting: number; looks: number },
    private readonly wait: (ms: number) => Promise<unknown> = delay,
  ) {}

  /** Whether it is known, or came soon. Where others wait already, nobody is waited for. */
  async isKnown(id: string): Promise<boolean> {
    if (await this.executions.get(id)) return true;
    if (this.#waiting >= this.most.waiting) return false;
    this.#waiting++;
    try {
      for (let looks = 0; looks < this.most.looks; looks++) {
        await this.wait(firstLookMs * 2 ** looks);
        if (await this.executions.get(id)) return true;
      }
      return false;
    } finally {
      this.#waiting--;
    }
  }
}
