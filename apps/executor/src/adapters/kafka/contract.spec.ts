import { systemClock } from '@countersign/contracts/time';
import type { Execution } from '@countersign/contracts/executions';
import { SqliteBus } from '@countersign/messaging';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach } from 'vitest';
import { KafkaAdapter } from './kafka.js';
import { Replies, replyCollection } from '../../results/replies.js';
import { describeAdapter } from '../../../test/adapter.contract.js';
import { Platform, replies as replyTopic, requests as topic, type Behaviour } from '../../../test/platform.fixtures.js';

const quiet = { info() {}, warn() {}, error() {} };
const behaviours: Record<string, Behaviour> = {
  succeeds: { says: [{ state: 'done' }] },
  fails: { says: [{ state: 'refused', why: 'no disk' }] },
  never: { says: [] },
};

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

/** On the embedded bus: what differs on a broker is the bus's own, and held by its contract. */
describeAdapter('a request over Kafka', {
  async open(what) {
    const stored = openTemporaryDatabase();
    const bus = new SqliteBus(stored.file, { log: quiet });
    const platform = new Platform(bus);
    platform.behaviours.push(behaviours[what]!);
    const adapter = new KafkaAdapter({
      topic,
      replyTopic,
      headers: () => ({}),
      value: () => ({}),
      status: '/state',
      succeeded: ['done'],
      failed: ['refused'],
      timeoutMs: what === 'never' ? 2_000 : 20_000,
      maxOutput: 1_000,
    });
    const { store } = stored.database.collection(replyCollection);
    const known = { get: async (id: string) => ({ id }) as Execution };
    adapter.open({ now: systemClock, busTo: () => bus, replies: new Replies(store, known, 10) });
    close = async () => {
      await adapter.close();
      await platform.stop();
      await bus.close();
      stored.close();
    };
    return { adapter, made: () => platform.done.length };
  },
});
