import type {} from '@countersign/infra';
import { describe, inject } from 'vitest';
import { describeExecutorScenarios } from './executor-scenarios.js';
import { DistributedStack } from './stack.js';

const brokers = inject('kafkaBrokers');
const mongodb = inject('mongodbUri');

if (brokers && mongodb) {
  describeExecutorScenarios(
    'Kafka and MongoDB, two instances',
    (options) => new DistributedStack({ brokers, mongodb, instances: 1, executors: 2 }, options),
  );
} else {
  describe.skip('The executor on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
}
