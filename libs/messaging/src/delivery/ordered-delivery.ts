import type { Delivery } from '../bus.js';
import { KeyedWork } from './keyed-work.js';
import type { Watermark } from './watermark.js';

const handlersAtOnce = 64;

/** Has deliveries handled: those of one key and partition one after another, others at the same time. */
export class OrderedDelivery {
  readonly #work = new KeyedWork(handlersAtOnce);

  /** How many are being handled or waiting. */
  get size(): number {
    return this.#work.size;
  }

  /** Resolves when none is being handled or waiting. */
  idle(): Promise<void> {
    return this.#work.idle();
  }

  /**
   * @param mark of the partition, which rises when the delivery is acknowledged.
   * @param handle never rejects; without an acknowledgement the delivery stays pending.
   */
  take(delivery: Delivery, mark: Watermark, handle: (acknowledge: () => void) => Promise<void>): void {
    const { topic, partition, key, offset } = delivery;
    const acknowledge = mark.begin(Number(offset));
    this.#work.add(key === null ? null : `${topic}/${partition}/${key}`, () => handle(acknowledge));
  }
}
