import { eventId, type Event } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import { after, atMillis, atSeconds, systemClock, toEpochMillis, toEpochSeconds } from '@countersign/contracts/time';
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oldestFirst } from '../src/records/oldest-first.js';
import { begin, beginRecovery, endRecovery, installationsIn, seen } from '../src/installation/installation.js';
import {
  subjectOf,
  VersionConflict,
  type Collection,
  type Commit,
  type Database,
  type Query,
  type Store,
  type StoredRecord,
} from '../src/store.js';

export interface Sample extends StoredRecord {
  sample_id: string;
  status: string;
  agent_id: string | null;
  owner: string;
  /** A word of SQL. */
  group: string | null;
  priority: number | null;
  automatic: boolean;
  tool_args: Record<string, unknown>;
  log: readonly unknown[];
  notes: readonly unknown[];
}

/** Every call names another collection, so that tests do not meet. */
export const samples = (): Collection<Sample> => ({
  name: `samples_${Array.from({ length: 12 }, () => String.fromCharCode(97 + randomInt(26))).join('')}`,
  key: 'sample_id',
  indexes: [['status', '-created_at'], ['agent_id', 'created_at'], ['group'], ['due_at']],
});

export const sample = (sample_id: string, fields: Partial<Sample> = {}): Sample => ({
  sample_id,
  status: 'pending',
  agent_id: null,
  owner: '',
  group: null,
  priority: null,
  automatic: false,
  tool_args: {},
  log: [],
  notes: [],
  version: 1,
  due_at: null,
  traceparent: null,
  tracestate: null,
  created_at: atSeconds(1_800_000_000),
  updated_at: atSeconds(1_800_000_000),
  ...fields,
});

/** The commit that brings a record to this state, with so many events. */
export function transition({ name }: Collection<Sample>, state: Sample, events = 1): Commit<Sample> {
  const { sample_id: id, version } = state;
  const event = (n: number): Event<'run.continued'> => ({
    id: eventId(name, id, version, n),
    type: 'run.continued',
    source: '/countersign/agent-runner',
    time: new Date(1_800_000_000_000).toISOString(),
    subject: subjectOf(name, id),
    key: id,
    traceparent: null,
    tracestate: null,
    data: { run_id: id, agent_id: 'ops', session_id: 's', user_id: null, requested_by: null },
  });
  return { expected: version - 1, state, events: Array.from({ length: events }, (_, n) => event(n)) };
}

const ids = (events: readonly Event[]): string[] => events.map(({ id }) => id);
const byId = (a: string, b: string): number => (a < b ? -1 : 1);
const outcomes = async (attempts: readonly Promise<unknown>[]) =>
  Object.groupBy(await Promise.allSettled(attempts), ({ status }) => status);
/** JSON knows no negative zero; all else is as it was. */
const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const nested = (depth: number): object => Array.from({ length: depth }).reduce<object>((inner) => ({ a: [inner] }), {});

/** What every adapter of {@link Database} must do. */
export function describeStore(name: string, make: () => Database): void {
  describe(`${name} as a record store`, () => {
    let database: Database;
    beforeAll(() => {
      database = make();
    });
    afterAll(() => database.close());

    function open() {
      const collection = samples();
      const { store, outbox } = database.collection(collection);
      const commit = (state: Sample, events?: number) => store.commit(transition(collection, state, events));
      const unpublished = async (before = after(systemClock(), 1_000), limit = 1_000) =>
        ids(await outbox.unpublished({ before, limit }));
      return { collection, store, outbox, commit, unpublished };
    }

    it('gives all that fits oldest first, page by page, each record once, whatever the others change to meanwhile', async () => {
      const { store, commit } = open();
      const created = (second: number) => ({ created_at: atSeconds(1_800_000_000 + second) });
      for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await commit(sample(id, created(id < 'f' ? 1 : 2)));
      await commit(sample('late', created(9)));
      await commit(sample('other', { ...created(1), status: 'approved' }));
      const seen: string[] = [];
      const createdUntil = atSeconds(1_800_000_005);
      const all = { store, key: 'sample_id', filter: { status: 'pending' }, createdUntil, limit: 2 } as const;
      for await (const { sample_id, created_at } of oldestFirst(all)) {
        seen.push(sample_id);
        await commit(sample(sample_id, { created_at, status: 'approved', version: 2 }));
      }
      expect(seen).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    });

    it('says that it can be reached', async () => {
      await expect(database.ping()).resolves.toBeUndefined();
    });

    it('has one time for everybody who uses it', async () => {
      const before = systemClock();
      const told = await database.time();
      // By other clocks than this machine's where it is on another.
      expect(Math.abs(told - before)).toBeLessThan(60_000);
      expect(await database.time()).toBeGreaterThanOrEqual(told);
    });

    describe('an installation', () => {
      const now = systemClock();
      const service = () => `service-${Math.random()}`;

      it('is begun once, whoever begins it', async () => {
        const [store, id] = [installationsIn(database), service()];
        const begun = await Promise.all([1, 2, 3].map((n) => begin(store, id, after(now, n))));
        expect(begun.filter(Boolean)).toHaveLength(1);
        const marker = await store.get(id);
        expect(await begin(store, id, after(now, 10))).toBe(false);
        expect(await store.get(id)).toEqual({ ...marker, recovering: null });
      });

      it('is as old as that of any other service in the same store', async () => {
        const [store, first, second] = [installationsIn(database), service(), service()];
        await begin(store, first, atMillis(1));
        await begin(store, second, now);
        expect(await store.get(second)).toMatchObject({ born_at_ms: 1, seen_at_ms: now });
      });

      it('was last seen when whoever was last saw it, and by one of several who see it at once', async () => {
        const [store, id] = [installationsIn(database), service()];
        await begin(store, id, now);
        const marker = (await store.get(id))!;
        const all = await Promise.all([5, 6].map((n) => seen(store, marker, after(now, n), { published: true })));
        expect(all.filter((each) => each !== undefined)).toHaveLength(1);
        const later = (await store.get(id))!;
        expect(await seen(store, later, now)).toMatchObject({ seen_at_ms: later.seen_at_ms, published: true });
      });

      it('is born anew when what it has is to hold, until that is over', async () => {
        const [store, id] = [installationsIn(database), service()];
        const at = after(now, 100);
        const recovering = { since_ms: at, note: 'restored' };
        // A record of the same second may be of before.
        const next = toEpochMillis(atSeconds(toEpochSeconds(at) + 1));
        expect(await beginRecovery(store, id, at, 'restored')).toMatchObject({ born_at_ms: next, recovering });
        expect(await store.get(id)).toMatchObject({ born_at_ms: next, recovering });
        await endRecovery(store, id, after(at, 1));
        expect(await store.get(id)).toMatchObject({ born_at_ms: next, recovering: null });
      });
    });

    describe('a commit', () => {
      it('stores a record that was not there, and then each next version of it', async () => {
        const { store, commit } = open();
        expect(await store.get('a')).toBeUndefined();
        await commit(sample('a'));
        await commit(sample('a', { version: 2, status: 'approved', priority: 3 }));
        expect(await store.get('a')).toStrictEqual(sample('a', { version: 2, status: 'approved', priority: 3 }));
      });

      it('has one winner among fifty that expect the same version', async () => {
        const { store, commit, unpublished } = open();
        await commit(sample('a'));
        const { fulfilled, rejected } = await outcomes(
          Array.from({ length: 50 }, (_, n) => commit(sample('a', { version: 2, priority: n }), n + 1)),
        );
        expect(fulfilled).toHaveLength(1);
        for (const loser of rejected!) expect(loser).toHaveProperty('reason', expect.any(VersionConflict));
        const { priority } = (await store.get('a'))!;
        expect(await unpublished(), "the state and the winner's events belong together").toHaveLength(
          1 + priority! + 1,
        );
      });

      it('has one winner among fifty that insert the same record', async () => {
        const { store, commit, unpublished } = open();
        const { fulfilled, rejected } = await outcomes(
          Array.from({ length: 50 }, (_, n) => commit(sample('a', { priority: n }), n + 1)),
        );
        expect(fulfilled).toHaveLength(1);
        for (const loser of rejected!) expect(loser).toHaveProperty('reason', expect.any(VersionConflict));
        expect(await unpublished()).toHaveLength((await store.get('a'))!.priority! + 1);
      });

      it('loses none of many increments when everyone reads again after a conflict', async () => {
        const { store, commit } = open();
        await commit(sample('a', { priority: 0 }));
        const increment = async (): Promise<unknown> => {
          const { version, priority } = (await store.get('a'))!;
          return commit(sample('a', { version: version + 1, priority: priority! + 1 })).catch(increment);
        };
        await Promise.all(Array.from({ length: 20 }, increment));
        expect(await store.get('a')).toMatchObject({ version: 21, priority: 20 });
      });

      it('is refused when the record is at another version or not there, and changes nothing', async () => {
        const { store, commit, unpublished } = open();
        await commit(sample('a'));
        await commit(sample('a', { version: 2 }));
        const before = await unpublished();
        for (const state of [sample('a'), sample('a', { version: 2 }), sample('a', { version: 4 })]) {
          await expect(commit({ ...state, status: 'lost' })).rejects.toThrow(VersionConflict);
        }
        await expect(commit(sample('b', { version: 2 }))).rejects.toThrow(VersionConflict);
        expect(await store.get('a')).toStrictEqual(sample('a', { version: 2 }));
        expect(await store.get('b')).toBeUndefined();
        expect(await unpublished()).toEqual(before);
      });

      it('stores no state without its events', async () => {
        const { collection, store, commit, unpublished } = open();
        const { expected, state, events } = transition(collection, sample('a'), 2);
        const endless: Record<string, unknown> = {};
        endless['self'] = endless;
        const impossible = [events[0]!, { ...events[1]!, data: endless } as unknown as Event];
        await expect(store.commit({ expected, state, events: impossible })).rejects.toThrow(TerminalError);
        expect(await store.get('a')).toBeUndefined();
        expect(await unpublished()).toEqual([]);
        await commit(sample('a'));
      });

      it('returns what is unpublished of this record, oldest first, and of no other', async () => {
        const { collection, outbox, commit } = open();
        const first = await commit(sample('a'), 2);
        expect(first).toStrictEqual(transition(collection, sample('a'), 2).events);
        await commit(sample('b'));
        expect(ids(await commit(sample('a', { version: 2 }), 0))).toEqual(ids(first));
        await outbox.markPublished(first.slice(0, 1));
        const { events } = transition(collection, sample('a', { version: 3 }), 2);
        expect(await commit(sample('a', { version: 3 }), 2)).toStrictEqual([first[1], ...events]);
      });
    });

    describe('the outbox', () => {
      it('holds the events of each record in the order of its versions', async () => {
        const { collection, commit, unpublished } = open();
        for (let version = 1; version <= 12; version++) {
          await Promise.all([commit(sample('a', { version }), 2), commit(sample('b', { version }))]);
        }
        const all = await unpublished();
        for (const [id, events] of [
          ['a', 2],
          ['b', 1],
        ] as const) {
          const expected = Array.from({ length: 12 }, (_, n) =>
            ids(transition(collection, sample(id, { version: n + 1 }), events).events),
          );
          expect(all.filter((event) => event.startsWith(`${collection.name}/${id}/`))).toEqual(expected.flat());
        }
      });

      it('gives events back as they were committed', async () => {
        const { collection, store, outbox } = open();
        const { expected, state, events } = transition(collection, sample('a'));
        const tool_args = { 'a.b': 1, $set: { $inc: 2 }, __proto: null };
        const event = { ...events[0]!, data: { ...events[0]!.data, tool_args } } as Event;
        await store.commit({ expected, state, events: [event] });
        expect(await outbox.unpublished({ before: after(systemClock(), 1_000), limit: 1 })).toStrictEqual([event]);
        expect(await store.commit(transition(collection, sample('a', { version: 2 }), 0))).toStrictEqual([event]);
      });

      it('gives only what was committed before a time, of a limited number of records', async () => {
        const { commit, unpublished } = open();
        const old = ids(await commit(sample('a'), 3));
        await delay(5);
        const now = systemClock();
        await delay(5);
        await commit(sample('a', { version: 2 }));
        await commit(sample('b'));
        expect(await unpublished(now)).toEqual(old);
        expect(await unpublished(after(now, -1_000))).toEqual([]);
        expect(await unpublished(after(now, 1_000), 1), 'all of the record that waits longest').toHaveLength(4);
        expect(await unpublished(after(now, 1_000), 2)).toHaveLength(5);
      });

      it('forgets what was published and skips what it does not know', async () => {
        const { collection, outbox, commit, unpublished } = open();
        const [first, second, third] = await commit(sample('a'), 3);
        const [other] = await commit(sample('b'));
        await outbox.markPublished([second!, other!, ...transition(collection, sample('never')).events]);
        expect(await unpublished()).toEqual(ids([first!, third!]));
        await outbox.markPublished([second!, first!, third!]);
        await outbox.markPublished([]);
        expect(await unpublished()).toEqual([]);
        expect(await commit(sample('a', { version: 2 }), 0)).toEqual([]);
      });

      it('loses nothing when events are published while the next are committed', async () => {
        const { outbox, commit, unpublished } = open();
        const seen = new Set<string>();
        const forgotten: Promise<void>[] = [];
        for (let version = 1; version <= 60; version++) {
          const events = await commit(sample('a', { version }));
          for (const id of ids(events)) seen.add(id);
          if (version % 3 === 0) forgotten.push(outbox.markPublished(events));
        }
        const last = ids(await commit(sample('a', { version: 61 }), 2));
        await Promise.all(forgotten);
        expect(seen.size).toBe(60);
        expect(await unpublished()).toEqual(last.slice(-2));
      });

      it('keeps the events of each collection to itself', async () => {
        const [one, two] = [open(), open()];
        const events = await one.commit(sample('a'));
        await two.commit(sample('a'));
        await two.outbox.markPublished(events);
        expect(await one.unpublished()).toEqual(ids(events));
        expect(await two.unpublished()).toHaveLength(1);
      });
    });

    describe('a list', () => {
      const records = [
        sample('a', { status: 'pending', priority: 1, due_at: atMillis(100) }),
        sample('b', { status: 'pending', priority: 2, due_at: atMillis(200), agent_id: 'ops' }),
        sample('c', { status: 'approved', priority: null, due_at: atMillis(300), agent_id: 'ops', group: 'x' }),
        sample('d', { status: 'rejected', priority: 0, due_at: null, agent_id: 'o\'ps"; --', automatic: true }),
      ];
      let store: Store<Sample>;
      beforeAll(async () => {
        const opened = open();
        store = opened.store;
        for (const record of records) await opened.commit(record);
      });

      const cases: [string, Query<Sample>['filter'], string[]][] = [
        ['everything when there is no condition', {}, ['a', 'b', 'c', 'd']],
        ['everything when the condition is undefined', { status: undefined }, ['a', 'b', 'c', 'd']],
        ['a value', { status: 'pending' }, ['a', 'b']],
        ['a number, zero too', { priority: 0 }, ['d']],
        ['true', { automatic: true }, ['d']],
        ['false', { automatic: false }, ['a', 'b', 'c']],
        ['null', { agent_id: null }, ['a']],
        ['quotes without being fooled', { agent_id: 'o\'ps"; --' }, ['d']],
        ['its key', { sample_id: 'b' }, ['b']],
        ['a field that is called like a word of SQL', { group: 'x' }, ['c']],
        ['anything but a value, null too', { agent_id: { not: 'ops' } }, ['a', 'd']],
        ['anything but null', { agent_id: { not: null } }, ['b', 'c', 'd']],
        ['anything but false', { automatic: { not: false } }, ['d']],
        ['one of several', { status: { in: ['approved', 'rejected', 'expired'] } }, ['c', 'd']],
        ['one of several keys', { sample_id: { in: ['a', 'd', 'z'] } }, ['a', 'd']],
        ['one of several with null among them', { priority: { in: [null, 2] } }, ['b', 'c']],
        ['one of none, which is nothing', { status: { in: [] } }, []],
        ['none of several', { status: { nin: ['approved', 'rejected', 'expired'] } }, ['a', 'b']],
        ['none of several, null among what there is', { priority: { nin: [1, 3] } }, ['b', 'c', 'd']],
        ['none of none, which is everything', { sample_id: { nin: [] } }, ['a', 'b', 'c', 'd']],
        ['bounds, within which null never is', { due_at: { lte: 200 } }, ['a', 'b']],
        ['bounds that are open', { due_at: { gt: 100, lt: 300 } }, ['b']],
        ['bounds that are closed', { due_at: { gte: 100, lte: 300 } }, ['a', 'b', 'c']],
        ['bounds of text, within which null never is', { agent_id: { gt: 'o', lte: 'ops' } }, ['b', 'c', 'd']],
        ['several fields at once', { status: 'pending', agent_id: 'ops', priority: { gte: 1 } }, ['b']],
      ];
      for (const [title, filter, expected] of cases) {
        it(`finds and counts by ${title}`, async () => {
          const found = await store.find({ filter, sort: [['sample_id', 'asc']], limit: 10 });
          expect(found).toStrictEqual(records.filter(({ sample_id }) => expected.includes(sample_id)));
          expect(await store.count(filter)).toBe(expected.length);
        });
      }

      it('sorts null before every value, and the other way round', async () => {
        const order = async (direction: 'asc' | 'desc') =>
          (await store.find({ filter: {}, sort: [['due_at', direction]], limit: 10 })).map(
            (record) => record.sample_id,
          );
        expect(await order('asc')).toEqual(['d', 'a', 'b', 'c']);
        expect(await order('desc')).toEqual(['c', 'b', 'a', 'd']);
      });

      it('takes nothing for a field that is no name', async () => {
        for (const field of ["x') OR 1=1 --", '$where', 'a.b', '']) {
          const filter = { [field]: 1 } as Query<Sample>['filter'];
          await expect(store.count(filter)).rejects.toThrow(TerminalError);
        }
      });

      it('has pages that never overlap and leave nothing out, however many records tie', async () => {
        const { store, commit } = open();
        const all = Array.from({ length: 23 }, (_, n) =>
          sample(`${(n * 7) % 23}`, { created_at: atSeconds(100 + (n % 3)) }),
        );
        await Promise.all(all.map((record) => commit(record)));
        for (const direction of ['asc', 'desc'] as const) {
          const pages: Sample[] = [];
          for (let skip = 0; skip < all.length; skip += 4) {
            const page = { filter: { status: 'pending' }, sort: [['created_at', direction]], limit: 4, skip } as const;
            pages.push(...(await store.find(page)));
          }
          expect(pages.map(({ sample_id }) => sample_id).toSorted(byId)).toEqual(
            all.map(({ sample_id }) => sample_id).toSorted(byId),
          );
          const times = pages.map(({ created_at }) => created_at);
          expect(times).toEqual(times.toSorted((a, b) => (direction === 'asc' ? a - b : b - a)));
        }
      });
    });

    describe('a removal', () => {
      const fits = { status: 'over', created_at: { lt: 100 } } as const;
      const over = (id: string, fields: Partial<Sample> = {}) =>
        sample(id, { status: 'over', created_at: atSeconds(1), ...fields });

      it('takes what fits for good, and says how much that was', async () => {
        const { store, commit } = open();
        const others = [sample('young', { status: 'over' }), sample('open', { created_at: atSeconds(1) })];
        for (const record of [over('a'), over('b'), ...others]) await commit(record, 0);
        expect(await store.remove(fits, 10)).toBe(2);
        expect(await store.get('a')).toBeUndefined();
        expect(await store.find({ filter: {}, sort: [], limit: 10 })).toStrictEqual(others.toReversed());
        expect(await store.remove(fits, 10)).toBe(0);
      });

      it('takes no more at once than it may, until nothing is left', async () => {
        const { store, commit } = open();
        await Promise.all(Array.from({ length: 5 }, (_, n) => commit(over(`${n}`), 0)));
        const removed = [];
        for (let n = 0; n < 4; n += 1) removed.push(await store.remove(fits, 2));
        expect(removed).toEqual([2, 2, 1, 0]);
        expect(await store.count({})).toBe(0);
      });

      it('leaves what has something to tell, and takes what comes after it', async () => {
        const { store, outbox, commit, unpublished } = open();
        const events = await commit(over('a'));
        await commit(over('b'), 0);
        expect(await store.remove(fits, 1)).toBe(1);
        expect(await store.remove(fits, 1)).toBe(0);
        expect(await store.get('a')).toBeDefined();
        expect(await unpublished()).toEqual(ids(events));
        await outbox.markPublished(events);
        expect(await store.remove(fits, 1)).toBe(1);
      });

      it('is found by the key as well as by any other field', async () => {
        const { store, commit } = open();
        for (const id of ['a', 'b', 'c']) await commit(over(id, { agent_id: 'ops' }), 0);
        expect(await store.remove({ ...fits, sample_id: { in: ['a', 'c', 'z'] }, agent_id: 'ops' }, 10)).toBe(2);
        expect(await store.remove({ ...fits, sample_id: { in: [] } }, 10)).toBe(0);
        expect(await store.count({})).toBe(1);
      });

      it('is shared by several at once: together they take each record once', async () => {
        const { store, commit } = open();
        await Promise.all(Array.from({ length: 30 }, (_, n) => commit(over(`${n}`), 0)));
        const removed = await Promise.all(Array.from({ length: 6 }, () => store.remove(fits, 10)));
        const left = await store.count({});
        expect(removed.reduce((sum, n) => sum + n, 0) + left).toBe(30);
      });

      it('is lost on whoever holds what is gone: a commit on it is refused, and it can be there anew', async () => {
        const { store, commit } = open();
        await commit(over('a'), 0);
        await store.remove(fits, 1);
        await expect(commit(over('a', { version: 2 }))).rejects.toThrow(VersionConflict);
        await commit(over('a', { priority: 7 }));
        expect(await store.get('a')).toMatchObject({ version: 1, priority: 7 });
      });
    });

    describe('a record', () => {
      const cases: [string, Record<string, unknown>][] = [
        [
          'numbers',
          { zero: 0, negative: -1, fraction: 0.1, large: 2 ** 53 - 1, huge: 1e300, tiny: 5e-324, long: 2 ** 40 },
        ],
        ['a zero that is negative, as the zero that JSON has', { negative: -0, list: [-0, 0, -0.5] }],
        [
          'numbers at the edges',
          { edges: [2 ** 31, -(2 ** 31), 2 ** 53 - 1, 1 - 2 ** 53, 1e21, 1.7976931348623157e308] },
        ],
        ['empty things', { string: '', list: [], object: {}, nothing: null, '': '' }],
        ['lists in lists', { list: [[], [[1, null, { a: [true, false] }]], 'x'] }],
        ['any text', { text: 'Ünïcödé 漢字 👩‍🚀 \u0000 \u2028 \ud800', '\ud800': '漢字', 'n\u0000l': 1, '👩‍🚀': 2 }],
        ['numbers for keys, in their order', { 10: 'a', 2: 'b', b: 1, a: 2 }],
        [
          'dots and dollars in keys',
          { 'a.b': 1, $set: { 'c.d': [{ $inc: 1 }] }, list: [{ $ref: 'x', $id: 'y' }], $: 1 },
        ],
        [
          'keys that a database or JavaScript gives a meaning',
          {
            _id: 1,
            outbox: [{ id: 'x' }],
            version: 7,
            key: 'k',
            id: { _bsontype: 'ObjectId' },
            toJSON: 1,
            toBSON: 2,
            constructor: { prototype: { polluted: true } },
            length: 3,
            $binary: { base64: '', subType: '00' },
          },
        ],
        ['__proto__ as a key', JSON.parse('{"__proto__": {"polluted": true}, "a": {"__proto__": 1}}')],
        ['many levels', nested(200) as Record<string, unknown>],
        ['1,000 levels', nested(500) as Record<string, unknown>],
        [
          'a megabyte',
          { text: '漢'.repeat(100_000), list: Array.from({ length: 20_000 }, (_, n) => ({ n, id: `item ${n}` })) },
        ],
      ];
      for (const [title, tool_args] of cases) {
        it(`comes back exactly as it was committed: ${title}`, async () => {
          const { store, commit } = open();
          const inserted = sample('a', { tool_args });
          await commit(inserted);
          const updated = sample('a', { version: 2, tool_args: { again: [tool_args] } });
          expect(await store.get('a')).toEqual(asJson(inserted));
          await commit(updated);
          const [found] = await store.find({ filter: { sample_id: 'a' }, sort: [], limit: 1 });
          expect(found).toEqual(asJson(updated));
          expect(JSON.stringify(found!.tool_args)).toBe(JSON.stringify(updated.tool_args));
        });
      }

      it('may outgrow what a database has room for in one document, and goes on growing', async () => {
        const { store, outbox, commit, unpublished } = open();
        const list = (length: number) =>
          Array.from({ length }, (_, n) => ({ n, text: `${n} `.repeat(20_000), $set: { 'a.b': n } }));
        const large = (version: number, items: number) =>
          sample('a', { version, status: 'large', log: list(items), notes: list(3) });
        let version = 1;
        for (const items of [10, 100, 250, 251, 260]) {
          await outbox.markPublished(await commit(large(version, items)));
          expect((await store.get('a'))!.log).toHaveLength(items);
          version += 1;
        }
        const expected = large(version - 1, 260);
        expect(JSON.stringify(await store.get('a'))).toBe(JSON.stringify(expected));
        const [found] = await store.find({ filter: { status: 'large' }, sort: [], limit: 1 });
        expect(found).toEqual(expected);
        await expect(commit(large(3, 1))).rejects.toThrow(VersionConflict);
        await outbox.markPublished(await commit(large(version, 2)));
        expect((await store.get('a'))!.log, 'it may become small again').toEqual(list(2));
        expect(await unpublished()).toEqual([]);
        await outbox.markPublished(await commit(large(version + 1, 260)));
        expect(await store.remove({ status: 'large' }, 1)).toBe(1);
        expect(await store.get('a')).toBeUndefined();
      });

      it('may have any text for its key', async () => {
        const { outbox, store, commit, unpublished } = open();
        for (const id of ['a/b/c', '$where', "'; DROP TABLE samples --", '漢字', ' ', 'x'.repeat(200)]) {
          const events = await commit(sample(id));
          expect(await store.get(id)).toStrictEqual(sample(id));
          await outbox.markPublished(events);
        }
        expect(await unpublished()).toEqual([]);
      });

      it('that can never be stored is a terminal error', async () => {
        const { commit } = open();
        const tool_args: Sample['tool_args'] = {};
        tool_args['all'] = tool_args;
        await expect(commit(sample('a', { tool_args }))).rejects.toThrow(TerminalError);
      });
    });
  });
}
