import { hash } from 'node:crypto';
import type { Delivery } from '@countersign/messaging';

const maxMessages = 2_000;
/** Messages may have 1 MiB each. */
export const maxBytes = 16 * 1024 * 1024;

/** The latest messages, as many as fit, each once. */
export class Latest {
  /**
   * By event and its bytes, or else by place, in the order in which they came. Ids of events are no secret, so one with
   * other bytes is not the same: a forged event must not hide a real one.
   */
  readonly #messages = new Map<string, Delivery>();
  #bytes = 0;

  /** @returns whether it is new. */
  add(delivery: Delivery): boolean {
    const id = idOf(delivery);
    if (this.#messages.has(id)) return false;
    this.#messages.set(id, delivery);
    this.#bytes += sizeOf(delivery);
    while (this.#messages.size > maxMessages || (this.#bytes > maxBytes && this.#messages.size > 1)) this.#forget();
    return true;
  }

  all(): Delivery[] {
    return [...this.#messages.values()];
  }

  /** What came after this one; everything when it is not here any more. */
  after(id: string): Delivery[] {
    const all = this.all();
    return all.slice(all.findLastIndex(({ headers }) => headers['ce_id'] === id) + 1);
  }

  #forget(): void {
    const [id, oldest] = this.#messages.entries().next().value!;
    this.#messages.delete(id);
    this.#bytes -= sizeOf(oldest);
  }
}

const idOf = ({ headers, topic, partition, offset, value }: Delivery): string => {
  const id = headers['ce_id'];
  return id === undefined ? `${topic}/${partition}/${offset}` : `${topic}/${hash('sha1', value ?? '')}/${id}`;
};

export const sizeOf = ({ value }: Delivery): number => value?.byteLength ?? 0;
