import type {} from '@countersign/infra';
import { describe } from 'vitest';
import { describeApprovalScenarios } from '../approvals/approval-scenarios.js';
import { describeRunnerScenarios } from '../runs/runner-scenarios.js';
import { describeConsumers } from '../record/consumers.js';
import { describeScenarios } from '../scenarios.js';
import { serversOfFile } from '../world/servers.js';
import { DistributedStack } from '../world/stack.js';

const name = 'Kafka and MongoDB, two instances of each service';
const servers = await serversOfFile();

if (servers) {
  const two = { ...servers, instances: 2 };
  describeScenarios(name, () => new DistributedStack(two, { record: true }));
  describeConsumers(servers.brokers);
  describeRunnerScenarios(name, (options) => new DistributedStack(two, options));
  describeApprovalScenarios(name, (options) => new DistributedStack(two, options));
} else describe.skip('The flow on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
