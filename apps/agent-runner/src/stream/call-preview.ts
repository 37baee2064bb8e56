import type { Event, EventData } from '@countersign/contracts';
import { decode, type Bus, type Subscription } from '@countersign/messaging';
import { Listeners } from '../dispatch/listeners.js';

export type CallUpdate = EventData<typeof topic>;

const topic = 'tool.execution_progress';

/** Shows how far the executor is with calls to whoever watches their runs. Some of it may be lost. */
export class CallPreview {
  readonly #listeners = new Listeners<CallUpdate>();
  #tail: Subscription | undefined;

  tail(bus: Bus): void {
    this.#tail = bus.tail({
      topics: [topic],
      handle: (delivery) => {
        if (delivery.key === null || !this.#listeners.has(delivery.key)) return;
        this.#listeners.notify(delivery.key, (decode(delivery) as Event<typeof topic>).data);
      },
    });
  }

  /** @returns what ends it. */
  listen(runId: string, listener: (update: CallUpdate) => void): () => void {
    return this.#listeners.add(runId, listener);
  }

  async stop(): Promise<void> {
    await this.#tail?.close();
  }
}
