import type { Consumer, IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import type { Delivery } from '../../bus.js';
import type { ConsumerListener, ConsumerOptions, ConsumerSession, KafkaError, Position } from '../kafka-client.js';
import { setTimeout as delay } from 'node:timers/promises';
import { subscriptionAssigner } from './assigner/subscription-assigner.js';
import { headersOf, timeOf } from '../clients/record.js';
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
    headers: headersOf(entriesOf(message.headers)),
    value: message.value,
    partition,
    offset: message.offset,
    timestamp: timeOf(message.timestamp),
  };
}

/** One entry for each value. */
const entriesOf = (headers: IHeaders = {}): [string, unknown][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each): [string, unknown] => [name, each]),
  );
