import kafkajs, { type ICustomPartitioner, type Kafka, type Producer } from 'kafkajs';
import type { Message } from '../../bus.js';
import type { ProducerSession } from '../kafka-client.js';
import { kafkaError } from './kafkajs-error.js';
import { clientRetry } from './retry.js';

/** Node cannot see all names that this CommonJS package exports. */
const { KafkaJSNonRetriableError, Partitioners } = kafkajs;

export class KafkajsProducer implements ProducerSession {
  readonly #producer: Producer;
  #closed = false;

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
    try {
      await this.#producer.sendBatch({ topicMessages });
    } catch (error) {
      throw kafkaError(error);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#producer.disconnect();
  }

  /**
   * Kafka's own partitioner, called once per message: without a key the result is random, and kafkajs, which calls it again
   * for every attempt, could otherwise skip a message that moved to a broker which had already answered. It is also
   * the place where an attempt of a closed session can be stopped.
   */
  #partitioner: ICustomPartitioner = () => {
    const choose = Partitioners.DefaultPartitioner();
    return (args) => {
      if (this.#closed) throw new KafkaJSNonRetriableError('this producer was replaced');
      return (args.message.partition ??= choose(args));
    };
  };
}
