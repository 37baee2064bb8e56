import type {} from '@countersign/infra';
import { describe, inject } from 'vitest';
import { describeBus, quiet } from '../../test/bus.contract.js';
import { KafkaBus } from './kafka-bus.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];
const title = brokers.length > 0 ? 'on Kafka' : 'on Kafka: SKIPPED, no broker; install Java or set KAFKA_BROKERS';
const common = { clientId: 'contract', partitions: 3, replicationFactor: 1, createTopics: true, log: quiet };

describe.skipIf(brokers.length === 0)(title, () => {
  describeBus('KafkaBus', () => (topics, observer) => {
    const bus = new KafkaBus({ ...common, brokers, topics, observer, onFatal: console.error });
    return { bus, close: () => bus.close() };
  });
});
