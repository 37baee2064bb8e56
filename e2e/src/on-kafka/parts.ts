import { describeApprovalScenarios } from '../approvals/approval-scenarios.js';
import { describeExecutorScenarios } from '../executions/executor-scenarios.js';
import { describeCrashes } from '../faults/crashes.js';
import { describeOutsider } from '../faults/outsider.js';
import { describeGateScenarios } from '../gate/gate-scenarios.js';
import { describeInbox } from '../inbox/at-one-address.js';
import { describeRunnerScenarios } from '../runs/runner-scenarios.js';
import { describeScenarios } from '../scenarios.js';
import type { Servers } from '../world/servers.js';
import { DistributedStack } from '../world/stack.js';

const two = 'Kafka and MongoDB, two instances of each service';

/** Each part is one file, and so one after another, since its stacks share the topics of one broker. */
export function describeFlowOnKafka(servers: Servers): void {
  describeScenarios(two, () => new DistributedStack({ ...servers, instances: 2 }));
  describeRunnerScenarios(two, (options) => new DistributedStack({ ...servers, instances: 2 }, options));
  describeApprovalScenarios(two, (options) => new DistributedStack({ ...servers, instances: 2 }, options));
}

export function describeGateOnKafka(servers: Servers): void {
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
}
