import type { ServiceName } from '@countersign/contracts';
import type {} from '@countersign/infra';
import { describe } from 'vitest';
import { describeApprovalScenarios } from '../approvals/approval-scenarios.js';
import { describeRunnerScenarios } from '../runs/runner-scenarios.js';
import { describeProducers } from '../record/producers.js';
import { describeConsumers } from '../record/consumers.js';
import { describeScenarios } from '../scenarios.js';
import { serversOfFile } from '../world/servers.js';
import { DistributedStack } from '../world/stack.js';
import { previousVersion } from '../upgrades/previous.js';
import { describeUpgrades } from '../upgrades/upgrades.js';

const name = 'Kafka and MongoDB';
const servers = await serversOfFile();

if (servers) {
  // Two of whatever a scenario is about: a process that runs beside it for nothing costs as much as the scenario.
  const of = (instances: number | Partial<Record<ServiceName, number>>) => ({ ...servers, instances });
  describeScenarios(`${name}, two of each service`, () => new DistributedStack(of(2), { record: true }));
  describeConsumers(servers.brokers);
  const producers = describeProducers(servers.brokers);
  describeRunnerScenarios(`${name}, two runners`, (options) => {
    return new DistributedStack(of({ 'agent-runner': 2 }), options);
  });
  producers.describeAnswers();
  describeApprovalScenarios(`${name}, two approval services`, (options) => {
    return new DistributedStack(of({ 'approval-service': 2 }), options);
  });
  // What one service says to the other is read by an older one and by a newer one, whichever of them changes.
  const rolls = [['approval-service'], ['agent-runner', 'executor']] as const;
  describeUpgrades(name, await previousVersion(), rolls, (options) => new DistributedStack(of(1), options));
} else describe.skip('The flow on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
