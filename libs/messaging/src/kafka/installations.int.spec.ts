import type {} from '@countersign/infra';
import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { quiet } from '../../test/bus.contract.js';
import { clientOf } from '../../test/client.js';
import { deadLetterTopic } from '../delivery/dead-letters.js';
import { KafkaBus } from './kafka-bus.js';
import { prefixedClient } from './prefixed-client.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];
const topic = 'tool.approval_required';

test.skipIf(brokers.length === 0)(
  'two installations with a prefix each share a cluster: all of it reaches its own, in the same groups, and no other',
  async () => {
    const common = { clientId: 'installation', log: quiet };
    const client = clientOf({ ...common, brokers });
    const both = await Promise.all(
      ['first', 'second'].map(async (name) => {
        const prefix = `${name}-${randomUUID()}.`;
        const creation = { createTopics: true, partitions: 2, replicationFactor: 1 };
        const prefixed = prefixedClient(client, prefix, [topic]);
        const bus = new KafkaBus({ ...common, ...creation, client: prefixed, topics: [topic], onFatal: console.error });
        onTestFinished(() => bus.close());
        const got: string[] = [];
        bus.subscribe({
          group: 'approval-service',
          topics: [topic],
          handle: async ({ value }) => {
            got.push(String(value));
            if (String(value).endsWith('bad')) throw new Error('it cannot be read');
          },
        });
        const sent = ['0', '1', '2', '3', '4', 'bad'].map((n) => `${name} ${n}`);
        return { prefix, bus, got, sent };
      }),
    );
    await Promise.all(
      both.map(({ bus, sent }) =>
        bus.publish(sent.map((text) => ({ topic, key: text, headers: {}, value: Buffer.from(text) }))),
      ),
    );
    for (const { got, sent } of both)
      await vi.waitFor(() => expect(got.toSorted()).toEqual(sent.toSorted()), { timeout: 20_000 });
    for (const { prefix } of both)
      await vi.waitFor(async () => {
        const letters = await client.offsets([prefix + deadLetterTopic]);
        expect(letters.reduce((sum, { high }) => sum + high, 0)).toBe(1);
      });
    for (const { got, sent } of both) expect(got.toSorted()).toEqual(sent.toSorted());
  },
  60_000,
);
