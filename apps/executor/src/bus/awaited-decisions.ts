import type { Execution } from '@countersign/contracts/executions';
import type { Store } from '@countersign/persistence';
import { setTimeout as delay } from 'node:timers/promises';

/** Whoever waits holds one of the places in which messages are handled, so it is for a short time, and few do. */
const decisionTakesMs = 2_000;
const lookEveryMs = 50;
const mostWaiting = 8;

/** Decisions come over a topic of their own, so that whoever has read one may claim the call before it is known here. */
export class AwaitedDecisions {
  #waiting = 0;

  constructor(
    private readonly executions: Pick<Store<Execution>, 'get'>,
    private readonly wait: (ms: number) => Promise<unknown> = delay,
  ) {}

  /** Whether it is known, or came soon. Where others wait already, nobody is waited for. */
  async isKnown(id: string): Promise<boolean> {
    if (await this.executions.get(id)) return true;
    if (this.#waiting >= mostWaiting) return false;
    this.#waiting++;
    try {
      for (let left = decisionTakesMs; left > 0; left -= lookEveryMs) {
        await this.wait(lookEveryMs);
        if (await this.executions.get(id)) return true;
      }
      return false;
    } finally {
      this.#waiting--;
    }
  }
}
