import { murmur2, Producer } from '@platformatic/kafka';
import { randomInt } from 'node:crypto';
import type { Message } from '../../bus.js';
import type { ProducerSession } from '../kafka-client.js';
import type { ClientOptions } from './platformatic-client.js';
import { kafkaError } from './platformatic-error.js';

export class PlatformaticProducer implements ProducerSession {
  readonly #producer: Producer;

  constructor(options: ClientOptions) {
    this.#producer = new Producer({
      ...options,
      retries: 8,
      retryDelay: (_client, _operation, attempt) => Math.min(100 * 2 ** attempt, 2_000),
      idempotent: true,
      autocreateTopics: false,
      partitioner: (_, key) => partitionOf(key),
    });
  }

  async connect(): Promise<void> {
    try {
      await this.#producer.initIdempotentProducer({});
    } catch (error) {
      throw kafkaError(error);
    }
  }

  async send(messages: readonly Message[]): Promise<void> {
    try {
      await this.#producer.send({ messages: messages.map(toRecord) });
    } catch (error) {
      throw kafkaError(error);
    }
  }

  close(): Promise<void> {
    return this.#producer.close(true);
  }
}

/** As Java has it, so that it does not matter who sends; the client's own default is another. Taken modulo their number. */
const partitionOf = (key: Buffer | undefined): number => (key ? murmur2(key) & 0x7f_ff_ff_ff : randomInt(2 ** 30));

const toRecord = ({ topic, key, value, headers }: Message) => ({
  topic,
  ...(key !== null && { key: Buffer.from(key) }),
  value: value as Buffer,
  headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
});
