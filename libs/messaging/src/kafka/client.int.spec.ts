import type {} from '@countersign/infra';
import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { quiet } from '../../test/bus.contract.js';
import { connectLater, createTopics, missingTopics } from './client.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];

test.skipIf(brokers.length === 0)('a cluster is asked which topics it does not have', async () => {
  const common = { clientId: 'topics', brokers, log: quiet };
  const [there, missing] = [`there-${randomUUID()}`, `missing-${randomUUID()}`];
  await createTopics(connectLater(common), { topics: [there], partitions: 1, replicationFactor: 1 });
  expect(await missingTopics(common, [there, missing])).toEqual([missing]);
});

test('one that is not there is not asked for long', async () => {
  await expect(missingTopics({ clientId: 'topics', brokers: ['127.0.0.1:1'], log: quiet }, [])).rejects.toThrow();
});
