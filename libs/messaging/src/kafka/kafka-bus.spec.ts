import { describeBus, quiet } from '../../test/bus.contract.js';
import { FakeKafka } from '../../test/fake-kafka.js';
import { expect, it, vi } from 'vitest';
import { KafkaBus } from './kafka-bus.js';

const common = { clientId: 'fake', partitions: 3, replicationFactor: 1, createTopics: true, log: quiet };

describeBus('KafkaBus over a cluster in memory', () => {
  const client = new FakeKafka();
  return (topics, observer) => {
    const bus = new KafkaBus({ ...common, client, topics, observer, onFatal: console.error });
    return { bus, close: () => bus.close() };
  };
});

it.each([true, false])('topics that vanish are named, and made again where it makes them: %s', async (createTopics) => {
  const client = new FakeKafka();
  await client.createTopics(
    ['kept', 'gone', 'dead-letters'].map((topic) => ({ topic, partitions: 1, replicationFactor: 1 })),
  );
  const log = { ...quiet, error: vi.fn() };
  const topics = ['kept', 'gone'];
  const bus = new KafkaBus({ ...common, client, createTopics, log, topics, topicsEveryMs: 5, onFatal: console.error });
  try {
    await expect(bus.ping()).resolves.toBeUndefined();
    client.deleteTopic('gone');
    await expect(bus.ping()).rejects.toThrow('no such topic: gone');
    await expect.poll(() => log.error.mock.calls).toMatchObject([[{ topics: ['gone'] }, expect.any(String)]]);
    if (createTopics)
      await expect
        .poll(() =>
          bus.ping().then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    else await expect(bus.ping()).rejects.toThrow('no such topic: gone');
    expect(log.error).toHaveBeenCalledOnce();
  } finally {
    await bus.close();
  }
});
