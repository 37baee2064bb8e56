import type { Log } from '@countersign/contracts';
import type { EachBatchHandler, IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import type { Delivery, Subscription } from '../bus.js';
import { heartbeatMs, KafkaConsumer } from './consumer.js';
import type { Deliver } from '../delivery/delivery.js';
import { KeyedWork } from '../delivery/keyed-work.js';
import { Watermark } from './watermark.js';
import { withTimeout } from '../delivery/with-timeout.js';

const handlersAtOnce = 64;
/** Fetched from a partition and not handled yet: more are left with the broker until half of these are. */
const maxWaiting = 256;
const commitEveryMs = 250;
const commitWithinMs = 3_000;

interface Options {
  kafka: Kafka;
  group: string;
  topics: readonly string[];
  sessionTimeoutMs: number;
  ready: Promise<void>;
  deliver: Deliver;
  log: Log;
  onFatal: (error: Error) => void;
}

/** How far a partition has been handled, and how much of that the group knows. */
interface Position {
  topic: string;
  partition: number;
  mark: Watermark;
  committed: number | undefined;
  /** Set while nothing is fetched. */
  resume: (() => void) | undefined;
}

/** The partitions that the group has given to this member, until it assigns them anew. */
class Assignment {
  readonly positions = new Map<string, Position>();
  readonly #over = new AbortController();

  /** Aborted when somebody else may have them: what has not begun is left to whoever has them next. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  end(): void {
    this.#over.abort();
  }

  position(topic: string, partition: number): Position {
    const id = `${topic}/${partition}`;
    let position = this.positions.get(id);
    if (!position) {
      position = { topic, partition, mark: new Watermark(), committed: undefined, resume: undefined };
      this.positions.set(id, position);
    }
    return position;
  }
}

/** One member of a group. Committing is never in a message's way: it follows on a timer. */
export class KafkaSubscription implements Subscription {
  readonly #options: Options;
  readonly #consumer: KafkaConsumer;
  readonly #handlers = new KeyedWork(handlersAtOnce);
  readonly #timer: NodeJS.Timeout;
  #assignment = new Assignment();
  #committing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#consumer = new KafkaConsumer({
      ...options,
      fromBeginning: true,
      fetchWaitMs: heartbeatMs,
      leavesFirst: true,
      eachBatch: this.#eachBatch,
      onRebalancing: () => {
        this.#assignment.end();
        void this.#commit();
      },
      onJoin: () => {
        this.#assignment.end();
        for (const { resume } of this.#assignment.positions.values()) resume?.();
        this.#assignment = new Assignment();
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

  /**
   * Takes a batch over and returns at once, since kafkajs neither fetches nor sends heartbeats before it has this back.
   * Nothing is thrown: kafkajs would take it for a reason to leave the group.
   */
  #eachBatch: EachBatchHandler = async ({ batch, resolveOffset, pause }) => {
    if (this.#closed) return;
    const { topic, partition, messages } = batch;
    const { signal } = this.#assignment;
    const position = this.#assignment.position(topic, partition);
    for (const message of messages) {
      const delivery = toDelivery(topic, partition, message);
      const finish = position.mark.begin(Number(message.offset));
      this.#handlers.add(delivery.key === null ? null : `${topic}/${partition}/${delivery.key}`, async () => {
        if (!signal.aborted && (await this.#options.deliver(delivery, signal))) finish();
        if (position.mark.size <= maxWaiting / 2) release(position);
      });
    }
    resolveOffset(batch.lastOffset());
    if (position.mark.size > maxWaiting) position.resume ??= pause();
  };

  #commit(): Promise<void> {
    return (this.#committing ??= this.#commitHandled().finally(() => (this.#committing = undefined)));
  }

  async #commitHandled(): Promise<void> {
    const due = [...this.#assignment.positions.values()].flatMap((position) => {
      const { finished } = position.mark;
      return finished === undefined || finished === position.committed ? [] : [{ position, finished }];
    });
    if (due.length === 0) return;
    const offsets = due.map(({ position: { topic, partition }, finished }) => ({
      topic,
      partition,
      offset: String(finished + 1),
    }));
    try {
      await withTimeout(commitWithinMs, 'committing', this.#consumer.commit(offsets));
      for (const { position, finished } of due) position.committed = finished;
    } catch {
      // The next one says it again, and what is never committed is delivered again.
    }
  }
}

function release(position: Position): void {
  position.resume?.();
  position.resume = undefined;
}

export function toDelivery(topic: string, partition: number, message: KafkaMessage): Delivery {
  return {
    topic,
    key: message.key === null ? null : message.key.toString(),
    headers: toStrings(message.headers),
    value: message.value,
    partition,
    offset: message.offset,
    timestamp: Number(message.timestamp),
  };
}

function toStrings(headers: IHeaders | undefined): Record<string, string> {
  const strings: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) strings[name] = last.toString();
  }
  return strings;
}
