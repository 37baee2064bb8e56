import type { EachBatchHandler, EachBatchPayload, IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import type { Delivery, Subscription } from './bus.js';
import { heartbeatMs, KafkaConsumer } from './bus.kafkajs.consumer.js';
import type { Deliver } from './delivery.js';
import { KeyedWork } from './keyed-work.js';
import type { Log } from './log.js';
import { Watermark } from './watermark.js';
import { within } from './within.js';

const handlersAtOnce = 64;
/** A batch that takes longer no longer holds up the other partitions. */
const slowMs = 100;
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
  handled: number;
  committed: number;
}

/** One member of a group. Committing is never in a message's way: it follows on a timer. */
export class KafkaSubscription implements Subscription {
  readonly #options: Options;
  readonly #consumer: KafkaConsumer;
  readonly #handlers = new KeyedWork(handlersAtOnce);
  readonly #batches = new Map<AbortController, Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  /** Of the partitions assigned now; replaced when they are assigned anew. */
  #positions = new Map<string, Position>();
  #committing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#consumer = new KafkaConsumer({
      ...options,
      fromBeginning: true,
      eachBatch: this.#eachBatch,
      onRebalancing: () => {
        this.#abandonBatches();
        void this.#commit();
      },
      onJoin: () => {
        this.#abandonBatches();
        this.#positions = new Map();
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
    this.#abandonBatches();
    await Promise.all(this.#batches.values());
    await this.#committing;
    await this.#commit();
    await this.#consumer.close();
  }

  /**
   * kafkajs fetches nothing before it has this back, so that a handler that takes its time would hold up every other
   * partition. Then only its own is paused. Nothing is thrown: kafkajs would take it for a reason to leave the group.
   */
  #eachBatch: EachBatchHandler = async (payload) => {
    if (this.#closed) return;
    const working = this.#work(payload);
    const slow = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => slow.resolve(true), slowMs);
    if (await Promise.race([working.then(() => false), slow.promise])) void working.finally(payload.pause());
    clearTimeout(timer);
  };

  /** Handles a batch while heartbeats go on; one that fails ends it, so that kafkajs can join again. */
  async #work(payload: EachBatchPayload): Promise<void> {
    const stop = new AbortController();
    const heartbeat = () => payload.heartbeat().catch(() => stop.abort());
    const timer = setInterval(heartbeat, heartbeatMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#batches.set(stop, promise);
    try {
      await heartbeat();
      await this.#handle(payload, stop.signal);
    } finally {
      clearInterval(timer);
      this.#batches.delete(stop);
      resolve();
    }
  }

  /** Ends when every message is handled, or as soon as the signal aborts and no handler is at work. */
  async #handle({ batch, resolveOffset }: EachBatchPayload, signal: AbortSignal): Promise<void> {
    const { topic, partition, messages } = batch;
    const positions = this.#positions;
    const position = positionOf(positions, topic, partition);
    const mark = new Watermark();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    let left = messages.length;
    for (const message of messages) {
      const delivery = toDelivery(topic, partition, message);
      const finish = mark.begin(Number(message.offset));
      this.#handlers.add(delivery.key === null ? null : `${topic}/${partition}/${delivery.key}`, async () => {
        if (!signal.aborted && (await this.#options.deliver(delivery, signal))) {
          finish();
          position.handled = mark.finished ?? position.handled;
        }
        if (--left === 0) resolve();
      });
    }
    await done;
    if (mark.finished !== undefined && positions === this.#positions) resolveOffset(String(mark.finished));
  }

  #abandonBatches(): void {
    for (const batch of this.#batches.keys()) batch.abort();
  }

  #commit(): Promise<void> {
    return (this.#committing ??= this.#commitHandled().finally(() => (this.#committing = undefined)));
  }

  async #commitHandled(): Promise<void> {
    const due = [...this.#positions.values()].filter(({ handled, committed }) => handled > committed);
    if (due.length === 0) return;
    const upTo = due.map(({ handled }) => handled);
    const offsets = due.map(({ topic, partition, handled }) => ({ topic, partition, offset: String(handled + 1) }));
    try {
      await within(commitWithinMs, 'committing', this.#consumer.commit(offsets));
      for (const [i, position] of due.entries()) position.committed = upTo[i]!;
    } catch {
      // The next one says it again, and what is never committed is delivered again.
    }
  }
}

function positionOf(positions: Map<string, Position>, topic: string, partition: number): Position {
  const id = `${topic}/${partition}`;
  let position = positions.get(id);
  if (!position) positions.set(id, (position = { topic, partition, handled: -1, committed: -1 }));
  return position;
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
