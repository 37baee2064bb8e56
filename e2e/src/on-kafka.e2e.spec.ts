import type {} from '@countersign/infra';
import { describe, inject } from 'vitest';
import { describeApprovalScenarios } from './approvals/approval-scenarios.js';
import { describeCrashes } from './faults/crashes.js';
import { describeExecutorScenarios } from './executions/executor-scenarios.js';
import { describeGateScenarios } from './gate/gate-scenarios.js';
import { describeInbox } from './inbox/at-one-address.js';
import { describeOutsider } from './faults/outsider.js';
import { describeRunnerScenarios } from './runs/runner-scenarios.js';
import { describeScenarios } from './scenarios.js';
import { DistributedStack } from './world/stack.js';

const brokers = inject('kafkaBrokers');
const mongodb = inject('mongodbUri');

// One file, and so one after another, since they share the topics of one broker.
if (brokers && mongodb) {
  const servers = { brokers, mongodb };
  const two = 'Kafka and MongoDB, two instances of each service';
  describeScenarios(two, () => new DistributedStack({ ...servers, instances: 2 }));
  describeRunnerScenarios(two, (options) => new DistributedStack({ ...servers, instances: 2 }, options));
  describeApprovalScenarios(two, (options) => new DistributedStack({ ...servers, instances: 2 }, options));
  describeGateScenarios(two, (options) => new DistributedStack({ ...servers, instances: 2 }, options));
  describeExecutorScenarios(
    'Kafka and MongoDB, two instances',
    (options) => new DistributedStack({ ...servers, instances: 1, executors: 2 }, options),
  );
  describeInbox('Kafka and MongoDB', (options) => new DistributedStack({ ...servers, instances: 1 }, options));
  describeOutsider(servers);
  // Who dies before a commit has told nobody anything, which is the same on every stack: the embedded one plays it.
  const moments = ['committed', 'published'] as const;
  describeCrashes('Kafka and MongoDB', () => new DistributedStack({ ...servers, instances: 1 }), moments);
} else {
  describe.skip('Countersign on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
}
