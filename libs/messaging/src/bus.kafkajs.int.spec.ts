import { describe, expect, inject } from 'vitest';
import { describeBus } from './bus.contract.js';
import { KafkaBus } from './bus.kafkajs.js';

const brokers = inject('kafkaBrokers')?.split(',');
const common = { clientId: 'contract', partitions: 3, replicationFactor: 1, createTopics: true, log: console };

describe.skipIf(!brokers)(
  brokers ? 'on Kafka' : 'on Kafka: SKIPPED, no broker: run it where Java is, or set KAFKA_BROKERS',
  () => {
    describeBus('KafkaBus', () => (topics) => {
      const bus = new KafkaBus({
        ...common,
        brokers: brokers!,
        topics,
        onFatal: (error) => expect.fail(String(error)),
      });
      return { bus, close: () => bus.close() };
    });
  },
);
