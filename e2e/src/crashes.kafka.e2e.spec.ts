import type {} from '@countersign/infra';
import { describe, inject } from 'vitest';
import { describeCrashes } from './crashes.js';
import { DistributedStack } from './stack.js';

const brokers = inject('kafkaBrokers');
const mongodb = inject('mongodbUri');

if (brokers && mongodb) {
  // Who dies before a commit has told nobody anything, which is the same on every stack: the embedded one plays it.
  const moments = ['committed', 'published'] as const;
  describeCrashes('Kafka and MongoDB', () => new DistributedStack({ brokers, mongodb, instances: 1 }), moments);
} else {
  describe.skip('A crash on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
}
