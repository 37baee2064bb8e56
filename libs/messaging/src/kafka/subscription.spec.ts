import type { Log } from '@countersign/contracts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { quiet } from '../../test/bus.contract.js';
import { FakeKafka, type FakeGroup } from '../../test/fake-kafka.js';
import type { Delivery } from '../bus.js';
import { KafkaError } from './kafka-client.js';
import { KafkaSubscription } from './subscription.js';

const patience = { timeout: 10_000, interval: 5 };

describe('a member of a group', () => {
  let cluster: FakeKafka;
  let group: FakeGroup;
  let members: KafkaSubscription[];
  let fatal: Error[];
  /** What is being handled, by value, and how to end that: with true it is acknowledged. */
  let handling: Map<string, (acknowledged: boolean) => void>;
  let begun: string[];
  let assignments: number;

  beforeEach(async () => {
    cluster = new FakeKafka();
    await cluster.createTopics([{ topic: 't', partitions: 1, replicationFactor: 1 }]);
    group = cluster.group('g');
    [members, fatal, handling, begun] = [[], [], new Map(), []];
    assignments = 0;
  });
  afterEach(async () => {
    for (const end of handling.values()) end(true);
    await Promise.all(members.map((member) => member.close()));
  });

  const holding = async ({ value }: Delivery): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    begun.push(String(value));
    handling.set(String(value), resolve);
    return promise.finally(() => handling.delete(String(value)));
  };
  async function join(
    deliver: (delivery: Delivery, signal: AbortSignal) => Promise<boolean> = holding,
    log: Log = quiet,
  ) {
    const ready = Promise.resolve();
    const onFatal = (error: Error) => void fatal.push(error);
    const common = { client: cluster, group: 'g', topics: ['t'], sessionTimeoutMs: 10_000, ready, log };
    const member = new KafkaSubscription({ ...common, deliver, onFatal, assigned: () => void (assignments += 1) });
    members.push(member);
    await vi.waitFor(() => expect(member.joined).toBe(true), patience);
    return member;
  }
  const append = (...keys: string[]) => {
    for (const key of keys) cluster.append({ topic: 't', key: key.slice(0, 1), headers: {}, value: Buffer.from(key) });
  };
  const isBeing = (...values: string[]) =>
    vi.waitFor(() => expect([...handling.keys()].toSorted()).toEqual(values), patience);
  const committed = () => group.committed.get('t/0');

  test('handles those of one key one after another, and commits only what has no gap before it', async () => {
    await join();
    append('a1', 'b1', 'a2', 'c1');
    await isBeing('a1', 'b1', 'c1');
    handling.get('b1')!(true);
    handling.get('c1')!(true);
    await isBeing('a1');
    handling.get('a1')!(true);
    await isBeing('a2');
    await vi.waitFor(() => expect(committed()).toBe(2), patience);
    handling.get('a2')!(true);
    await vi.waitFor(() => expect(committed()).toBe(4), patience);
  });

  test('tells each time that partitions are assigned: when it joins, and when another one comes and goes', async () => {
    await join();
    expect(assignments).toBe(1);
    const other = await join();
    await vi.waitFor(() => expect(assignments).toBe(3), patience);
    members = members.filter((each) => each !== other);
    await other.close();
    await vi.waitFor(() => expect(assignments).toBe(4), patience);
  });

  test('joins again later and later while no session lasts, and says so once', async () => {
    const warn = vi.fn();
    const member = await join(holding, { ...quiet, warn });
    const gaps: number[] = [];
    for (let ended = 0; ended < 4; ended++) {
      const at = performance.now();
      group.stop(new KafkaError('transient', 'a record that cannot be read'));
      await vi.waitFor(() => expect(member.joined).toBe(true), patience);
      gaps.push(performance.now() - at);
    }
    expect(gaps[1]).toBeGreaterThan(90);
    expect(gaps[3]).toBeGreaterThan(390);
    expect(warn.mock.calls.map(([, message]) => message as string)).toEqual([
      'consumer session ended, rejoining with backoff unless fatal',
    ]);
    expect(fatal).toEqual([]);
  });

  test('says again what the group did not take', async () => {
    let refusals = 1;
    group.onCommit = () => {
      if (refusals-- > 0) throw new KafkaError('transient', 'rebalance in progress');
    };
    await join(async () => true);
    append('a1');
    await vi.waitFor(() => expect(committed()).toBe(1), patience);
    expect(refusals).toBeLessThan(0);
  });

  test('commits what it has handled when it leaves, and not what it hands back', async () => {
    const member = await join((delivery, signal) => holding(delivery).then((done) => done && !signal.aborted));
    append('a1', 'b1');
    await isBeing('a1', 'b1');
    handling.get('a1')!(true);
    await isBeing('b1');
    const closed = member.close();
    handling.get('b1')!(true);
    await closed;
    expect(committed()).toBe(1);
    await join();
    await isBeing('b1');
  });

  test('begins nothing more of what it has fetched once the group assigns anew, and what is not committed comes again', async () => {
    await join();
    append('a1', 'a2');
    await isBeing('a1');
    group.rebalance();
    handling.get('a1')!(false);
    await vi.waitFor(() => expect(begun).toEqual(['a1', 'a1']), patience);
    handling.get('a1')!(true);
    await isBeing('a2');
    handling.get('a2')!(true);
    await vi.waitFor(() => expect(committed()).toBe(2), patience);
    expect(begun).toEqual(['a1', 'a1', 'a2']);
  });

  test('leaves with the broker what it cannot handle soon, and fetches on when it can', async () => {
    await join();
    append(...Array.from({ length: 400 }, (_, n) => `a${n}`));
    await vi.waitFor(() => expect(group.paused).toEqual(['t/0']), patience);
    for (let n = 0; n < 400; n++) {
      await vi.waitFor(() => expect(handling.has(`a${n}`)).toBe(true), { ...patience, interval: 0 });
      handling.get(`a${n}`)!(true);
    }
    await vi.waitFor(() => expect(committed()).toBe(400), patience);
    expect(group.paused).toEqual([]);
  });

  test('takes a fresh session when its own has ended', async () => {
    await join(async () => true);
    group.stop(new KafkaError('transient', 'the coordinator is gone'));
    append('a1');
    await vi.waitFor(() => expect(committed()).toBe(1), patience);
    expect(fatal).toEqual([]);
  });

  test('gives up when waiting does not help', async () => {
    const member = await join();
    const error = new KafkaError('fatal', 'not authorised');
    group.stop(error);
    await vi.waitFor(() => expect(fatal).toEqual([error]), patience);
    expect(member.joined).toBe(false);
  });
});
