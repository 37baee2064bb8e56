import type { Event, EventData } from '@countersign/contracts';
import { RetryableError } from '@countersign/contracts/problems';
import { systemClock, type Seconds } from '@countersign/contracts/time';
import { encode } from '@countersign/messaging';
import { Frontier } from '@countersign/transparency';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { event, openRecord } from '../../test/record.fixtures.js';
import { hashOf } from '../record/entry.js';
import { frontierAt } from '../record/tree.js';
import { positionCollection, Publisher, type PublisherOptions } from './publisher.js';

/** A record of so many entries, and instances that publish it. */
async function recordOf(count: number) {
  const record = openRecord();
  const one = record.recorder();
  await Promise.all(Array.from({ length: count }, (_, n) => one.record(event(n))));
  const { store: positions } = record.database.collection(positionCollection);
  const checkpoints = vi.fn(async () => {});
  const published: Event[] = [];
  const start = (change: Partial<PublisherOptions> = {}) => {
    const publisher = new Publisher({
      log: record.log,
      positions,
      lease: { take: async () => ({ held: true, unbroken: true }), release: async () => {} },
      checkpoints: { publish: checkpoints },
      publish: async (events) => void published.push(...events),
      now: systemClock,
      logger: { warn() {} },
      checkpointEvery: 0.01 as Seconds,
      ...change,
    });
    publisher.start();
    const stop = async () => (publisher.drain(), publisher.stop());
    onTestFinished(stop);
    return { publisher, stop };
  };
  const indexes = () => published.map(({ data }) => (data as { index: number }).index);
  return { ...record, one, start, published, indexes, checkpoints };
}
type Recorded = EventData<'audit.recorded'>;
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('the record as it is published', () => {
  it('is all of it, in its order, and then a checkpoint', async () => {
    const { start, indexes, published, checkpoints } = await recordOf(450);
    const { publisher } = start();
    await vi.waitFor(() => expect(checkpoints).toHaveBeenCalledWith(450));
    expect(indexes()).toEqual(upTo(450));
    expect(published[0]).toMatchObject({ id: 'audit/0', key: 'run-0', type: 'audit.recorded', data: { sequence: 1 } });
    expect(await publisher.published()).toBe(450);
    for (const each of published.slice(0, 20)) expect(() => encode(each)).not.toThrow();
  });

  it('is enough to make the same leaves and the same roots of it, in whatever order and however often it comes', async () => {
    const { start, indexes, published, one, all, log } = await recordOf(60);
    await one.record(event(60, { data: { run_id: 'run-0', text: 'x'.repeat(400_000) } }));
    const { stop } = start();
    await vi.waitFor(() => expect(indexes()).toHaveLength(61));
    await stop();
    const read = [...published, ...published.slice(0, 20)].toReversed().map(({ data }) => data as Recorded);
    const rebuilt = [...new Map(read.map((each) => [each.index, each])).values()].toSorted((a, b) => a.index - b.index);
    const frontier = new Frontier();
    for (const { index, leaf, leaf_hash } of rebuilt) {
      const hash = Uint8Array.from(Buffer.from(leaf_hash, 'base64'));
      if (leaf !== null) expect(hashOf(leaf)).toEqual(hash);
      expect(frontier.append(hash)[0]!.index).toBe(index);
      expect(frontier.root).toEqual((await frontierAt(log, index + 1)).root);
    }
    // What is too large for a message is there by its hash.
    expect(rebuilt.map(({ leaf }) => leaf)).toEqual((await all()).map(({ leaf }, n) => (n === 60 ? null : leaf)));
  });

  it('goes on with what is recorded later, also in another process', async () => {
    const { start, indexes, one } = await recordOf(3);
    const { stop } = start();
    await vi.waitFor(() => expect(indexes()).toHaveLength(3));
    await stop();
    await one.record(event(3));
    start();
    await vi.waitFor(() => expect(indexes()).toEqual(upTo(4)));
  });

  it('misses nothing when the log fails or the process dies in between: some come twice, under the same id', async () => {
    const { start, indexes, published } = await recordOf(5);
    let failures = 0;
    const { stop } = start({
      async publish(events) {
        published.push(...events);
        if (failures++ === 0) throw new RetryableError('the answer was lost');
      },
    });
    await vi.waitFor(() => expect(indexes()).toEqual([...upTo(5), ...upTo(5)]), { timeout: 5_000 });
    expect(new Set(published.map(({ id }) => id)).size).toBe(5);
    await stop();
  });

  it('waits while another instance publishes', async () => {
    const { start, published } = await recordOf(2);
    const take = vi.fn(async () => ({ held: false, unbroken: false }));
    start({ lease: { take, release: async () => {} } });
    await vi.waitFor(() => expect(take).toHaveBeenCalledTimes(3));
    expect(published).toEqual([]);
  });

  it('says of a large entry its hash alone', async () => {
    const { start, published, one } = await recordOf(0);
    await one.record(event(0, { data: { run_id: 'run-0', text: 'x'.repeat(500_000) } }));
    start();
    await vi.waitFor(() => expect(published).toHaveLength(1));
    expect(published[0]!.data).toMatchObject({ leaf: null, leaf_hash: expect.stringMatching(/=$/) });
  });
});
