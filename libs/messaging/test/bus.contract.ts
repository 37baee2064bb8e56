import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@countersign/contracts';
import { atMillis } from '@countersign/contracts/time';
import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Bus, Delivery, Handler, Message, Subscription } from '../src/bus.js';
import { deadLetterTopic, originalOf } from '../src/delivery/dead-letters.js';
import type { BusObserver } from '../src/delivery/observer.js';

/** Opens a bus on the same log each time; the log outlives every bus, as it outlives a process. */
export type OpenBus = (topics: readonly string[], observer: BusObserver) => { bus: Bus; close: () => Promise<void> };

/** For the log of a bus under test, whose failures are part of the test. */
export const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };

const patience = { timeout: 20_000, interval: 5 };

/** What every adapter promises, sentence by sentence; `make` is called once per test. */
export function describeBus(name: string, make: () => OpenBus): void {
  describe(name, { timeout: 60_000 }, () => {
    let topic: string;
    let other: string;
    let open: () => Bus;
    let bus: Bus;
    let closers: (() => Promise<void>)[];
    let observed: string[];

    beforeEach(() => {
      topic = `first-${randomUUID()}`;
      other = `second-${randomUUID()}`;
      closers = [];
      observed = [];
      const observer: BusObserver = {
        published: (on) => void observed.push(`published on ${on}`),
        delivered: ({ group, topic: on, outcome }) => void observed.push(`${group} ${outcome} ${on}`),
      };
      const openBus = make();
      open = () => {
        const opened = openBus([topic, other], observer);
        closers.push(opened.close);
        return opened.bus;
      };
      bus = open();
    });
    afterEach(async () => {
      await Promise.all(closers.map((close) => close()));
    });

    const reopen = async () => {
      await Promise.all(closers.splice(0).map((close) => close()));
      bus = open();
    };
    const message = (key: string | null, value: string | Buffer | null, on = topic): Message => ({
      topic: on,
      key,
      headers: { ce_id: `id-${key}` },
      value: value === null ? null : Buffer.from(value),
    });
    const publish = (...messages: Message[]) => bus.publish(messages);
    const joined = (...subscriptions: Subscription[]) =>
      vi.waitFor(() => expect(subscriptions.map((subscription) => subscription.joined)).not.toContain(false), patience);

    /** A member that keeps what it has handled. */
    const listen = (group: string, { topics = [topic], handle }: { topics?: string[]; handle?: Handler } = {}) => {
      const got: Delivery[] = [];
      const subscription = bus.subscribe({
        group: `${group}-${topic}`,
        topics,
        handle: async (delivery) => {
          await handle?.(delivery);
          got.push(delivery);
        },
      });
      const values = () => got.map(({ value }) => value?.toString() ?? null);
      const hears = (...expected: (string | null)[]) => vi.waitFor(() => expect(values()).toEqual(expected), patience);
      return { got, values, hears, subscription };
    };
    const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => String(from + i));

    test('delivers what is published once to each group, with everything that was in it', async () => {
      const groups = [listen('one'), listen('two')];
      await publish(message('k', 'hello'));
      for (const group of groups) {
        await group.hears('hello');
        expect(group.got[0]).toMatchObject({
          topic,
          key: 'k',
          headers: { ce_id: 'id-k' },
          partition: expect.any(Number),
        });
        expect(Math.abs(group.got[0]!.timestamp - Date.now())).toBeLessThan(60_000);
      }
      await publish(message('k', 'end'));
      for (const group of groups) await group.hears('hello', 'end');
    });

    test('keeps every byte of a value, null, an empty one and a megabyte', async () => {
      const bytes = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i));
      const large = Buffer.alloc(1_000_000, bytes);
      await publish(message('k', bytes), message('k', null), message('k', ''), message('k', large));
      const { got } = listen('one');
      await vi.waitFor(() => expect(got).toHaveLength(4), patience);
      expect(got[0]!.value!.equals(bytes)).toBe(true);
      expect(got[1]!.value).toBeNull();
      expect(got[2]!.value).toHaveLength(0);
      expect(got[3]!.value!.equals(large)).toBe(true);
    });

    test('takes more at once than fits into one request or one read', async () => {
      const values = numbers(2_000);
      await Promise.all(values.map((value) => publish(message('k', value))));
      await publish(...numbers(20).map((value) => message('large', Buffer.alloc(200_000, value))));
      const { got } = listen('one');
      await vi.waitFor(() => expect(got).toHaveLength(2_020), patience);
      expect(got.filter(({ key }) => key === 'k').map(({ value }) => value!.toString())).toEqual(values);
    });

    test('starts a group that first subscribes later at the beginning', async () => {
      await publish(message('k', 'a'), message('k', 'b'));
      await listen('early').hears('a', 'b');
      await listen('late').hears('a', 'b');
    });

    test('starts an old group at the beginning of a topic that is new to it', async () => {
      await publish(message('k', 'old'), message('k', 'new', other));
      const before = listen('one');
      await before.hears('old');
      await before.subscription.close();
      await listen('one', { topics: [topic, other] }).hears('new');
    });

    test('goes on after the last handled message when it is opened again', async () => {
      await publish(message('k', 'a'));
      await listen('one').hears('a');
      await reopen();
      await publish(message('k', 'b'));
      await listen('one').hears('b');
      await listen('replay').hears('a', 'b');
    });

    test('delivers again what was not acknowledged when it was closed', async () => {
      const down = listen('one', {
        handle: async ({ value }) => {
          if (value!.toString() === 'b') throw new RetryableError('the store is down');
        },
      });
      await publish(message('k', 'a'), message('k', 'b'), message('k', 'c'));
      await down.hears('a');
      await reopen();
      await listen('one').hears('b', 'c');
    });

    test('handles messages of one key and topic one after another in order, all others meanwhile', async () => {
      const started = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const { values, subscription } = listen('one', {
        topics: [topic, other],
        handle: async ({ value }) => {
          if (value!.toString() !== 'a1') return;
          started.resolve();
          await gate.promise;
        },
      });
      await joined(subscription);
      await publish(message('a', 'a1'));
      await started.promise;
      await publish(message('a', 'a2'), message(null, 'c'), message('a', 'other a', other));
      await Promise.all(numbers(8).map((key) => publish(message(key, `b${key}`))));
      // Where the partition of `a` is the one that waits, those of its messages that come later wait behind it.
      const meanwhile = () => values().filter((value) => value === 'other a' || value?.startsWith('b'));
      await vi.waitFor(() => expect(meanwhile().length).toBeGreaterThan(2), patience);
      expect(values()).not.toContain('a2');
      gate.resolve();
      await vi.waitFor(() => expect(values()).toHaveLength(12), patience);
      expect(values().filter((value) => value!.startsWith('a'))).toEqual(['a1', 'a2']);
    });

    test('hands the same message over again after a RetryableError, and keeps the order', async () => {
      let failures = 2;
      const tried: string[] = [];
      const { hears } = listen('one', {
        handle: async ({ value }) => {
          tried.push(value!.toString());
          if (value!.toString() === 'a' && failures-- > 0) throw new RetryableError('busy');
        },
      });
      await publish(message('k', 'a'), message('k', 'b'));
      await hears('a', 'b');
      expect(tried).toEqual(['a', 'a', 'a', 'b']);
    });

    test('sends what can never be handled to the dead letters as it was, and goes on with the next', async () => {
      const bytes = Buffer.from([0, 255, 123]);
      const large = Buffer.alloc(1_000_000, 'x');
      const { hears } = listen('one', {
        handle: async ({ value }) => {
          if (value!.toString() !== 'next') throw new TerminalError('run_not_found', 'no such thing');
        },
      });
      await publish(message('k', bytes), message('k', large), message('k', 'next'));
      await hears('next');
      const dead = listen('dead-letter-reader', { topics: [deadLetterTopic] }).got;
      const mine = () => dead.map(originalOf).filter(({ message }) => message.topic === topic);
      await vi.waitFor(() => expect(mine()).toHaveLength(2), patience);
      expect(mine()[0]).toMatchObject({
        group: `one-${topic}`,
        code: 'run_not_found',
        reason: 'no such thing',
        message: { topic, key: 'k', headers: { ce_id: 'id-k' } },
      });
      expect(mine().map(({ message }) => message.value!.equals(message.value!.length === 3 ? bytes : large))).toEqual([
        true,
        true,
      ]);
    });

    test('gives each message to one member of a group, and loses none when one of them leaves', async () => {
      const keys = numbers(16);
      const round = (n: number) => keys.map((key) => message(key, `${key}/${n}`));
      const first = listen('one');
      const second = listen('one');
      await joined(first.subscription, second.subscription);
      const all = () => [...first.values(), ...second.values()];
      await publish(...round(1));
      await vi.waitFor(() => expect(new Set(all()).size).toBe(16), patience);
      const leaving = first.subscription.close();
      await publish(...round(2));
      await leaving;
      await publish(...round(3));
      await vi.waitFor(() => expect(new Set(all()).size).toBe(48), patience);
      const left = first.values().length;
      await publish(message('0', 'end'));
      await vi.waitFor(() => expect(second.values()).toContain('end'), patience);
      expect(first.values()).toHaveLength(left);
    });

    test('loses none while members come and go', async () => {
      const stays = listen('one');
      await joined(stays.subscription);
      const rounds = numbers(2);
      const members = [stays];
      for (const round of rounds) {
        const comes = listen('one', { handle: () => delay(2) });
        members.push(comes);
        const publishing = publish(...numbers(60).map((n) => message(n, `${round}/${n}`)));
        await joined(comes.subscription);
        await publishing;
        await publish(...numbers(60).map((n) => message(n, `${round}/then/${n}`)));
        await comes.subscription.close();
      }
      const seen = () => new Set(members.flatMap(({ values }) => values()));
      await vi.waitFor(() => expect(seen().size).toBe(rounds.length * 120), patience);
    });

    test('waits for the handlers at work when a subscription closes, and then takes no more', async () => {
      const started = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const { values, subscription } = listen('one', {
        handle: async () => {
          started.resolve();
          await gate.promise;
        },
      });
      await publish(message('k', 'a'), message('k', 'b'));
      await started.promise;
      let closed = false;
      const closing = subscription.close().then(() => (closed = true));
      await publish(message('k', 'c'));
      expect(closed).toBe(false);
      expect(subscription.joined).toBe(false);
      gate.resolve();
      await closing;
      expect(values()).toEqual(['a']);
      await listen('one').hears('b', 'c');
    });

    test('shows a tail every message from now on, whatever the groups do and whatever it throws', async () => {
      await publish(message('k', 'before'));
      await listen('one').hears('before');
      const seen: string[] = [];
      const tail = bus.tail({
        topics: [topic],
        handle: ({ value }) => {
          seen.push(value!.toString());
          throw new Error('a tail that fails');
        },
      });
      await joined(tail);
      await publish(message('k', 'a'), message('k', 'not followed', other), message('k', 'b'));
      await vi.waitFor(() => expect(seen).toEqual(['a', 'b']), patience);
      await tail.close();
      await publish(message('k', 'c'));
      await listen('two').hears('before', 'a', 'b', 'c');
      expect(seen).toEqual(['a', 'b']);
    });

    test('shows a tail that wants them the latest messages too, and each new one once they are read', async () => {
      await publish(...numbers(6).map((n) => message('k', n)), message('k', 'other', other));
      const seen = new Set<string>();
      const tail = bus.tail({
        topics: [topic, other],
        last: 1_000,
        handle: ({ value }) => void seen.add(value!.toString()),
      });
      await vi.waitFor(() => expect([...seen].toSorted()).toEqual([...numbers(6), 'other']), patience);
      await publish(message('k', 'new'));
      await vi.waitFor(() => expect(seen).toContain('new'), patience);
      await tail.close();
      expect(seen.size).toBe(8);
    });

    test('shows each of several tails its own topics, and the latest messages only to those that want them', async () => {
      await publish(message('k', 'before'), message('k', 'before, other', other));
      const seen: Record<'latest' | 'new' | 'other', string[]> = { latest: [], new: [], other: [] };
      const tail = (who: keyof typeof seen, topics: string[], last?: number) =>
        bus.tail({ topics, handle: ({ value }) => void seen[who].push(value!.toString()), ...(last && { last }) });
      const tails = [tail('new', [topic, other]), tail('latest', [topic], 10), tail('other', [other])];
      for (const each of tails) await joined(each);
      await vi.waitFor(() => expect(seen.latest).toContain('before'), patience);
      await tails[2]!.close();
      await publish(message('k', 'a'), message('k', 'b', other));
      await vi.waitFor(() => expect(seen.new.toSorted()).toEqual(['a', 'b']), patience);
      await vi.waitFor(() => expect(seen.latest).toContain('a'), patience);
      expect([seen.latest.includes('b'), seen.other]).toEqual([false, []]);
    });

    test('does not read a long log for a tail that wants little of it', async () => {
      await publish(...numbers(100).map((n) => message('k', n)));
      const seen: string[] = [];
      const tail = bus.tail({ topics: [topic], last: 10, handle: ({ value }) => void seen.push(String(value)) });
      await vi.waitFor(() => expect(seen).toContain('99'), patience);
      await tail.close();
      expect(seen.length).toBeLessThanOrEqual(20);
    });

    test('is read from its beginning to its end, once, and no faster than it is taken', async () => {
      await publish(...numbers(1_200).map((n) => message(`key-${Number(n) % 7}`, n)), message('k', 'other', other));
      const [seen, batches]: [string[], number[]] = [[], []];
      let underWay = 0;
      const take = async (deliveries: readonly Delivery[]) => {
        batches.push(deliveries.length);
        expect(++underWay).toBe(1);
        if (batches.length === 1) await publish(message('k', 'too late'));
        await delay(1);
        underWay--;
        seen.push(...deliveries.map(({ value }) => value!.toString()));
      };
      await bus.read({ topics: [topic], take });
      expect(seen.toSorted()).toEqual(numbers(1_200).toSorted());
      const ofKey = seen.filter((n) => Number(n) % 7 === 3);
      expect(ofKey).toEqual(ofKey.toSorted((one, another) => Number(one) - Number(another)));
      expect(Math.max(...batches)).toBeLessThanOrEqual(500);
      await bus.read({ topics: [other], take });
      expect(seen.filter((value) => value === 'other')).toHaveLength(1);
      const stopped = bus.read({ topics: [topic], take: () => Promise.reject(new Error('enough')) });
      await expect(stopped).rejects.toThrow('enough');
    });

    test('tells an observer what it published, and what came of each time a message was handed over', async () => {
      let failures = 1;
      const { hears } = listen('one', {
        handle: async ({ value }) => {
          if (value!.toString() === 'poison') throw new TerminalError('run_not_found', 'no such thing');
          if (failures-- > 0) throw new RetryableError('busy');
        },
      });
      await publish(message('k', 'a'), message('k', 'poison'), message('k', 'b'));
      await hears('a', 'b');
      const outcomes = ['failed', 'handled', 'dead_letter', 'handled'].map(
        (outcome) => `one-${topic} ${outcome} ${topic}`,
      );
      await vi.waitFor(() => expect(observed.filter((each) => each.startsWith('one'))).toEqual(outcomes), patience);
      expect(observed.filter((each) => each.startsWith('published'))).toEqual(Array(3).fill(`published on ${topic}`));
    });

    test('says whether its topics were ever written to, and since when, and whether a group was there', async () => {
      const now = Date.now();
      const group = `one-${topic}`;
      const history = (topics: string[], since = now - 60_000) =>
        bus.history({ topics, since: atMillis(since), group, groupTopics: [topic, other] });
      const missing = [`never-${randomUUID()}`];
      const nothing = { written: false, writtenSince: false, handled: false };
      // A topic that was just made may have nobody who leads it yet.
      await vi.waitFor(async () => expect(await history([topic, other, ...missing])).toEqual(nothing), patience);
      await publish(message('k', 'a'));
      const lag = async () =>
        Object.fromEntries(
          (await bus.lag({ group, topics: [topic, other] })).map((each) => [each.topic, each.messages]),
        );
      await vi.waitFor(async () => expect(await lag()).toEqual({ [topic]: 1, [other]: 0 }), patience);
      const written = { ...nothing, written: true, writtenSince: true };
      await vi.waitFor(async () => expect(await history([topic, other])).toEqual(written), patience);
      expect(await history([topic], now + 60_000)).toEqual({ ...nothing, written: true });
      expect(await history([other, ...missing])).toEqual(nothing);
      const { hears, subscription } = listen('one');
      await hears('a');
      await subscription.close();
      expect(await history([other])).toEqual({ ...nothing, handled: true });
      expect(await lag()).toEqual({ [topic]: 0, [other]: 0 });
    });

    test('answers a ping, and refuses to publish once it is closed', async () => {
      await vi.waitFor(() => bus.ping(), patience);
      await bus.close();
      await expect(publish(message('k', 'late'))).rejects.toThrow(RetryableError);
    });
  });
}
