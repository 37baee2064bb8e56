import type {} from '@countersign/infra';
import { describe, inject } from 'vitest';
import { describeCrashes } from './crashes.js';
import { DistributedStack } from './stack.js';

const brokers = inject('kafkaBrokers');
const mongodb = inject('mongodbUri');

if (brokers && mongodb) {
  describeCrashes('Kafka and MongoDB', () => new DistributedStack({ brokers, mongodb, instances: 1 }));
} else {
  describe.skip('A crash on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
}
