import { eventNames } from '@countersign/contracts';
import type {} from '@countersign/infra';
import { kafkaClient } from '@countersign/messaging/kafka';
import { describe, expect, it } from 'vitest';
import { describeExecutorScenarios } from '../executions/executor-scenarios.js';
import { describeCrashes } from '../faults/crashes.js';
import { describeForgotten } from '../faults/forgotten.js';
import { describeOutsider } from '../faults/outsider.js';
import { describeSkewed } from '../faults/skewed.js';
import { describeGateScenarios } from '../gate/gate-scenarios.js';
import { describeInbox } from '../inbox/at-one-address.js';
import { serversOfFile } from '../world/servers.js';
import { DistributedStack } from '../world/stack.js';

const servers = await serversOfFile();

if (servers) {
  const one = { ...servers, instances: 1 };
  describeGateScenarios(
    'Kafka and MongoDB, two approval services',
    (options) => new DistributedStack({ ...servers, instances: { 'approval-service': 2 } }, options),
  );
  describeExecutorScenarios(
    'Kafka and MongoDB, two instances',
    (options) => new DistributedStack({ ...servers, instances: { executor: 2 } }, options),
  );
  // One of several installations on the cluster.
  const named = { KAFKA_PREFIX: 'e2e.inbox.' };
  describeInbox(
    'Kafka and MongoDB',
    (options) => new DistributedStack(one, { ...options, env: { ...options.env, ...named } }),
  );
  it('an installation with a name has topics of its own, and its own dead letters', async () => {
    const log = { info() {}, warn() {}, error() {} };
    const client = await kafkaClient('kafkajs', { brokers: servers.brokers.split(','), clientId: 'e2e', log });
    const topics = await client.topics();
    const own = topics.filter((topic) => topic.startsWith(named.KAFKA_PREFIX));
    expect(own).toContain(`${named.KAFKA_PREFIX}dead-letters`);
    expect(own.toSorted()).toEqual([...eventNames, 'dead-letters'].map((name) => named.KAFKA_PREFIX + name).toSorted());
  });
  describeForgotten('Kafka and MongoDB', () => new DistributedStack(one));
  describeSkewed(
    'Kafka and MongoDB',
    (options) => new DistributedStack({ ...servers, instances: { executor: 2 }, executorAheadMs: 120_000 }, options),
  );
  describeOutsider(servers);
  // Who dies before a commit has told nobody anything, and who dies after publishing repeats it: the first is the same on
  // every stack, so that the embedded one plays it, and the second is the same in every step of a service.
  describeCrashes('Kafka and MongoDB', () => new DistributedStack(one), [
    'committed run.started',
    'committed approval.created',
    'committed tool.approval_required',
    'committed approval.resolved',
    'committed tool.execution_started',
    'committed tool.execution_completed',
    'committed run.continued',
    'committed run.completed',
    'published tool.approval_required',
    'published approval.resolved',
    'published tool.execution_started',
  ]);
} else describe.skip('The gate on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
