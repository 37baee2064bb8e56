import type {} from '@countersign/infra';
import { describe, inject } from 'vitest';
import { describeBus, quiet } from '../../test/bus.contract.js';
import { clientOf } from '../../test/client.js';
import { KafkaBus } from './kafka-bus.js';
import { prefixedClient } from './prefixed-client.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];
const title = brokers.length > 0 ? 'on Kafka' : 'on Kafka: SKIPPED, no broker; install Java or set KAFKA_BROKERS';
const common = { clientId: 'contract', log: quiet };
const creation = { partitions: 3, replicationFactor: 1, createTopics: true };

describe.skipIf(brokers.length === 0)(title, () => {
  describeBus('KafkaBus', () => (topics, observer) => {
    const bus = new KafkaBus({
      ...common,
      ...creation,
      // Whatever holds of a bus holds of one installation among several.
      client: prefixedClient(clientOf({ ...common, brokers }), 'one.of-several_', topics),
      topics,
      observer,
      onFatal: console.error,
    });
    return { bus, close: () => bus.close() };
  });
});
