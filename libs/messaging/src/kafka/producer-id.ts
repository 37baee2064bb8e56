import kafkajs, { type ICustomPartitioner, type Kafka, type Producer } from 'kafkajs';
import type { Message } from '../bus.js';
import { clientRetry } from './client.js';
import { withTimeout } from '../delivery/with-timeout.js';

/** Node cannot see all names that this CommonJS package exports. */
const { KafkaJSNonRetriableError, Partitioners } = kafkajs;

const closeWithinMs = 5_000;

/** A kafkajs producer under one producer id, to be replaced when its sequence numbers are in doubt. */
export class KafkaProducerId {
  readonly #producer: Producer;
  #abandoned = false;

  constructor(kafka: Kafka) {
    this.#producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { ...clientRetry, retries: 8 },
      createPartitioner: this.#partitioner,
    });
  }

  connect(): Promise<void> {
    return this.#producer.connect();
  }

  async send(messages: readonly Message[]): Promise<void> {
    const byTopic = Map.groupBy(messages, ({ topic }) => topic);
    const topicMessages = [...byTopic].map(([topic, all]) => ({
      topic,
      messages: all.map(({ key, value, headers }) => ({ key, value, headers })),
    }));
    await this.#producer.sendBatch({ topicMessages });
  }

  close(): Promise<void> {
    return withTimeout(closeWithinMs, 'disconnecting', this.#producer.disconnect()).catch(() => {});
  }

  /** Ends what is under way before it can reach the broker again. */
  abandon(): void {
    this.#abandoned = true;
    void this.close();
  }

  /**
   * Kafka's own partitioner, asked once per message: without a key the answer is random, and kafkajs, which asks again
   * for every attempt, could otherwise skip a message that moved to a broker which had already answered.
   */
  #partitioner: ICustomPartitioner = () => {
    const choose = Partitioners.DefaultPartitioner();
    return (args) => {
      if (this.#abandoned) throw new KafkaJSNonRetriableError('this producer was replaced');
      return (args.message.partition ??= choose(args));
    };
  };
}
