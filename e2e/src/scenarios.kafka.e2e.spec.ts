import type {} from '@countersign/infra';
import { describe, inject } from 'vitest';
import { describeScenarios } from './scenarios.js';
import { DistributedStack } from './stack.js';

const brokers = inject('kafkaBrokers');
const mongodb = inject('mongodbUri');

if (brokers && mongodb) {
  describeScenarios(
    'Kafka and MongoDB, two instances of each service',
    () => new DistributedStack({ brokers, mongodb, instances: 2 }),
  );
} else {
  describe.skip('Countersign on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
}
