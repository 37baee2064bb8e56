import type {} from '@countersign/infra';
import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { quiet } from '../../test/bus.contract.js';
import { clientOf } from '../../test/client.js';
import { unsafeSettings } from './topic-settings.js';
import { createTopics, missingTopics } from './topics.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];

test.skipIf(brokers.length === 0)('a cluster is asked which topics it does not have', async () => {
  const client = clientOf({ clientId: 'topics', brokers, log: quiet });
  const [there, missing] = [`there-${randomUUID()}`, `missing-${randomUUID()}`];
  await createTopics(client, { topics: [there], partitions: 3, replicationFactor: 1 });
  expect(await missingTopics(client, [there, missing])).toEqual([missing]);
  // As many as the brokers say.
  await createTopics(client, { topics: [missing], partitions: -1, replicationFactor: -1 });
  expect(await missingTopics(client, [there, missing])).toEqual([]);
});

test.skipIf(brokers.length === 0)('a cluster says how its topics are set', async () => {
  const client = clientOf({ clientId: 'topics', brokers, log: quiet });
  const topic = `set-${randomUUID()}`;
  const settings = { 'retention.ms': '3600000', 'cleanup.policy': 'compact,delete', 'compression.type': 'zstd' };
  await client.createTopics([{ topic, partitions: 1, replicationFactor: 1, settings }]);
  const [found] = await client.topicSettings([topic]);
  expect(found).toMatchObject({ topic, partitions: 1, replicas: 1, settings });
  expect(unsafeSettings([found!], true)).toEqual([
    expect.stringContaining('retention.ms 3600000'),
    expect.stringContaining('compact'),
    expect.stringContaining('one partition'),
  ]);
});

test('one that is not there is not asked for long', async () => {
  const client = clientOf({ clientId: 'topics', brokers: ['127.0.0.1:1'], log: quiet });
  await expect(missingTopics(client, [])).rejects.toThrow();
});
