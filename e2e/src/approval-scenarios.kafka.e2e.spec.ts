import type {} from '@countersign/infra';
import { describe, inject } from 'vitest';
import { describeApprovalScenarios } from './approval-scenarios.js';
import { DistributedStack } from './stack.js';

const brokers = inject('kafkaBrokers');
const mongodb = inject('mongodbUri');

if (brokers && mongodb) {
  describeApprovalScenarios(
    'Kafka and MongoDB, two instances of each service',
    (options) => new DistributedStack({ brokers, mongodb, instances: 2 }, options),
  );
} else {
  describe.skip('Approvals on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
}
