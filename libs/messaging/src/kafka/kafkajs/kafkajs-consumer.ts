import type { Consumer, IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import type { Delivery } from '../../bus.js';
import type { ConsumerListener, ConsumerOptions, ConsumerSession, KafkaError, Position } from '../kafka-client.js';
import { setTimeout as delay } from 'node:timers/promises';
import { subscriptionAssigner } from './assigner/subscription-assigner.js';
import { kafkaError } from './kafkajs-error.js';
import { clientRetry } from './retry.js';

/** Batches that are taken at the same time, where each of them lets the consumer rest. */
const batchesAtOnce = 64;

export class KafkajsConsumer implements ConsumerSession {
  readonly #options: ConsumerOptions;
  readonly #listener: ConsumerListener;
  readonly #consumer: Consumer;
  readonly #member = Promise.withResolvers<void>();
  #resting: Promise<void> | undefined;
  readonly #crash = Promise.withResolvers<KafkaError>();

  constructor(kafka: Kafka, options: ConsumerOptions, listener: ConsumerListener) {
    this.#options = options;
    this.#listener = listener;
    this.#consumer = kafka.consumer({
      groupId: options.group,
      allowAutoTopicCreation: false,
      partitionAssigners: [subscriptionAssigner],
      heartbeatInterval: options.heartbeatMs,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: 3 * options.sessionTimeoutMs,
      maxWaitTimeInMs: options.fetchWaitMs,
      retry: { ...clientRetry, restartOnFailure: async () => false },
    });
    this.#listen();
  }

  async join(startAt: readonly Position[] = []): Promise<void> {
    const { topics, from, restMs } = this.#options;
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: topics.toSorted(), fromBeginning: from === 'beginning' });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      ...(restMs && { partitionsConsumedConcurrently: batchesAtOnce }),
      // kafkajs neither fetches nor sends heartbeats before this returns.
      eachBatch: async ({ batch, resolveOffset }) => {
        const { topic, partition, messages } = batch;
        this.#listener.records(messages.map((message) => toDelivery(topic, partition, message)));
        resolveOffset(batch.lastOffset());
        if (restMs) await (this.#resting ??= this.#rest(restMs));
      },
    });
    await Promise.race([this.#member.promise, this.#crash.promise.then((error) => Promise.reject(error))]);
    for (const { topic, partition, offset } of startAt)
      this.#consumer.seek({ topic, partition, offset: String(offset) });
  }

  async #rest(ms: number): Promise<void> {
    await delay(ms);
    this.#resting = undefined;
  }

  pause(topic: string, partition: number): () => void {
    const paused = [{ topic, partitions: [partition] }];
    this.#consumer.pause(paused);
    return () => this.#consumer.resume(paused);
  }

  async commit(positions: readonly Position[]): Promise<void> {
    await this.#consumer.commitOffsets(
      positions.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })),
    );
  }

  close(): Promise<void> {
    return this.#consumer.disconnect();
  }

  #listen(): void {
    const { events } = this.#consumer;
    const on = this.#consumer.on.bind(this.#consumer);
    on(events.HEARTBEAT, () => this.#listener.heartbeat());
    on(events.FETCH, () => this.#listener.fetched());
    on(events.REBALANCING, () => this.#listener.revoked());
    on(events.GROUP_JOIN, () => {
      this.#listener.assigned();
      this.#member.resolve();
    });
    on(events.CRASH, ({ payload }) => {
      const error = kafkaError(payload.error);
      this.#crash.resolve(error);
      this.#listener.stopped(error);
    });
  }
}

export function toDelivery(topic: string, partition: number, message: KafkaMessage): Delivery {
  return {
    topic,
    key: message.key === null ? null : message.key.toString(),
    headers: toStrings(message.headers),
    value: message.value,
    partition,
    offset: message.offset,
    timestamp: timeOf(message.timestamp),
  };
}

/** The last millisecond that a date can be. */
const lastTime = 8.64e15;

/** A producer may write any number; what is no time is the nearest. */
function timeOf(timestamp: string): number {
  const time = Number(timestamp);
  return Number.isNaN(time) ? 0 : Math.min(Math.max(time, 0), lastTime);
}

/**
 * As one text a name. A header without a value, which Kafka allows, counts as none; of one name several values that
 * differ are several lines, which no reader takes for one of them, and which a dead letter keeps.
 */
function toStrings(headers: IHeaders | undefined): Record<string, string> {
  const strings: Record<string, string> = {};
  for (const name in headers) {
    const value: unknown = headers[name];
    const values = (Array.isArray(value) ? value : [value]).flatMap((each: unknown) =>
      each instanceof Buffer || typeof each === 'string' ? [each.toString()] : [],
    );
    if (values.length > 0) strings[name] = values.length === 1 ? values[0]! : [...new Set(values)].join('\n');
  }
  return strings;
}
