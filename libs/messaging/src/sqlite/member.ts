import type { Delivery, Subscription } from '../bus.js';
import type { Deliver } from '../delivery/delivery.js';

/** One subscription to a group in this process. */
export class SqliteMember implements Subscription {
  readonly #deliver: Deliver;
  readonly #leave: () => Promise<void>;
  readonly #leaving = new AbortController();
  readonly #idle = Promise.withResolvers<void>();
  #atWork = 0;
  #closed: Promise<void> | undefined;

  /** `leave` is called once, when it takes no more. */
  constructor(deliver: Deliver, leave: () => Promise<void>) {
    this.#deliver = deliver;
    this.#leave = leave;
  }

  get joined(): boolean {
    return !this.#closed;
  }

  /** Calls `acknowledge` when it was handled; false when this member is leaving and it was not. */
  async deliver(delivery: Delivery, acknowledge: () => void): Promise<boolean> {
    this.#atWork++;
    try {
      const handled = await this.#deliver(delivery, this.#leaving.signal);
      if (handled) acknowledge();
      return handled;
    } finally {
      if (--this.#atWork === 0 && this.#closed) this.#idle.resolve();
    }
  }

  /** Resolves when no handler is at work any more, once it is leaving. */
  idle(): Promise<void> {
    return this.#idle.promise;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#stop());
  }

  #stop(): Promise<void> {
    this.#leaving.abort();
    if (this.#atWork === 0) this.#idle.resolve();
    return this.#leave();
  }
}
