import type { Log } from '@countersign/contracts';
import type { Millis } from '@countersign/contracts/time';
import type { Delivery, Subscription } from '../bus.js';
import type { Deliver } from '../delivery/delivery.js';
import { OrderedDelivery } from '../delivery/ordered-delivery.js';
import { withTimeout } from '../delivery/with-timeout.js';
import { Assignment, type PartitionProgress } from './assignment.js';
import { KafkaConsumer } from './consumer.js';
import type { KafkaClient } from './kafka-client.js';

/** Fetched from a partition and not handled yet: more are left with the broker until half of these are. */
const maxWaiting = 256;
const commitEveryMs = 250;
/** How long a broker with nothing new waits; a member that waits says no word to its group. */
const fetchWaitMs = 1_500;
const commitWithinMs = 3_000;

interface Options {
  client: KafkaClient;
  group: string;
  topics: readonly string[];
  sessionTimeoutMs: Millis;
  ready: Promise<void>;
  deliver: Deliver;
  /** Called whenever it is given its partitions. */
  assigned?: () => void;
  log: Log;
  onFatal: (error: Error) => void;
}

/** One member of a group. Committing is never in a message's way: it follows on a timer. */
export class KafkaSubscription implements Subscription {
  readonly #options: Options;
  readonly #consumer: KafkaConsumer;
  readonly #handlers = new OrderedDelivery();
  readonly #timer: NodeJS.Timeout;
  #assignment = new Assignment();
  #committing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#consumer = new KafkaConsumer({
      ...options,
      from: 'beginning',
      fetchWaitMs,
      leavesFirst: true,
      records: (deliveries) => this.#take(deliveries),
      onRevoked: () => {
        this.#assignment.end();
        void this.#commit();
      },
      onAssigned: () => {
        this.#assignment.end();
        for (const progress of this.#assignment.all()) resume(progress);
        this.#assignment = new Assignment();
        options.assigned?.();
      },
    });
    this.#timer = setInterval(() => void this.#commit(), commitEveryMs).unref();
  }

  get joined(): boolean {
    return !this.#closed && this.#consumer.joined;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    this.#assignment.end();
    await this.#handlers.idle();
    await this.#committing;
    await this.#commit();
    await this.#consumer.close();
  }

  #take(deliveries: readonly Delivery[]): void {
    if (this.#closed) return;
    const { signal } = this.#assignment;
    for (const delivery of deliveries) {
      const progress = this.#assignment.progress(delivery.topic, delivery.partition);
      this.#handlers.take(delivery, progress.mark, async (acknowledge) => {
        if (!signal.aborted && (await this.#options.deliver(delivery, signal))) acknowledge();
        if (progress.mark.size <= maxWaiting / 2) resume(progress);
      });
      if (progress.mark.size > maxWaiting) progress.resume ??= this.#consumer.pause(delivery.topic, delivery.partition);
    }
  }

  #commit(): Promise<void> {
    return (this.#committing ??= this.#commitHandled().finally(() => (this.#committing = undefined)));
  }

  async #commitHandled(): Promise<void> {
    const due = this.#assignment.all().flatMap((progress) => {
      const { finished } = progress.mark;
      return finished === undefined || finished === progress.committed ? [] : [{ progress, finished }];
    });
    if (due.length === 0) return;
    const positions = due.map(({ progress: { topic, partition }, finished }) => ({
      topic,
      partition,
      offset: finished + 1,
    }));
    try {
      await withTimeout(commitWithinMs, 'committing', this.#consumer.commit(positions));
      for (const { progress, finished } of due) progress.committed = finished;
    } catch {
      // The next commit includes it, and what is never committed is delivered again.
    }
  }
}

function resume(progress: PartitionProgress): void {
  progress.resume?.();
  progress.resume = undefined;
}
