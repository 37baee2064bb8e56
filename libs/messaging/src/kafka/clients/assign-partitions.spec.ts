import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignPartitions, type Member } from './assign-partitions.js';

const topics = ['a', 'b', 'c', 'd'];
const groups = fc.record({
  members: fc.uniqueArray(fc.record({ id: fc.uuid(), topics: fc.subarray(topics) }), {
    selector: ({ id }) => id,
    maxLength: 7,
  }),
  sizes: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9), fc.nat(9)),
});
const partitionsOf = (sizes: readonly number[]) => (topic: string) => [...Array(sizes[topics.indexOf(topic)]).keys()];
const each = (check: (members: readonly Member[], sizes: readonly number[]) => void) =>
  fc.assert(
    fc.property(groups, ({ members, sizes }) => check(members, sizes)),
    { numRuns: 300 },
  );
const spread = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);

test('each partition of a topic that somebody subscribes to is assigned once, and to a member that subscribes to it', () => {
  each((members, sizes) => {
    const assigned = assignPartitions(members, partitionsOf(sizes));
    for (const { id, topics: subscribed } of members)
      expect(subscribed).toEqual(expect.arrayContaining(Object.keys(assigned.get(id)!)));
    for (const topic of topics) {
      const given = [...assigned.values()].flatMap((assignment) => assignment[topic] ?? []);
      const isRead = members.some(({ topics: subscribed }) => subscribed.includes(topic));
      expect(given.toSorted()).toEqual(isRead ? partitionsOf(sizes)(topic) : []);
    }
  });
});

test('members of a topic have as many of its partitions but for one, and of all topics that they share', () => {
  each((members, sizes) => {
    const assigned = assignPartitions(members, partitionsOf(sizes));
    const membersOf = (topic: string) => members.filter((member) => member.topics.includes(topic)).map(({ id }) => id);
    const sets = Map.groupBy(
      topics.filter((topic) => membersOf(topic).length > 0),
      (topic) => membersOf(topic).join(),
    );
    for (const shared of [...sets.values(), ...[...sets.values()].flat().map((topic) => [topic])]) {
      const count = (id: string) => shared.flatMap((topic) => assigned.get(id)![topic] ?? []).length;
      expect(spread(membersOf(shared[0]!).map(count))).toBeLessThanOrEqual(1);
    }
  });
});

test('the order in which members, topics and partitions are named makes no difference', () => {
  each((members, sizes) => {
    const reversed = members
      .map(({ id, topics: subscribed }) => ({ id, topics: subscribed.toReversed() }))
      .toReversed();
    const backwards = (topic: string) => partitionsOf(sizes)(topic).toReversed();
    expect(assignPartitions(reversed, backwards)).toEqual(assignPartitions(members, partitionsOf(sizes)));
  });
});

test('most partitions stay where they are when a member joins or leaves', () => {
  const members = ['one', 'two', 'three', 'four', 'five'].map((id) => ({ id, topics: ['a', 'b'] }));
  const size = () => [...Array(60).keys()];
  const [five, four] = [assignPartitions(members, size), assignPartitions(members.slice(0, 4), size)];
  const owner = (assigned: ReturnType<typeof assignPartitions>, topic: string, partition: number) =>
    [...assigned].find(([, assignment]) => assignment[topic]?.includes(partition))![0];
  const stay = ['a', 'b'].flatMap((topic) =>
    size().filter((partition) => owner(five, topic, partition) === owner(four, topic, partition)),
  );
  // Of 120 those of the fifth have to move, which is 24; dealt out in turns, 96 would.
  expect(stay.length).toBeGreaterThan(80);
});

test('a name that objects have by themselves is a topic like others', () => {
  const names = ['__proto__', 'constructor', 'toString'];
  const assigned = assignPartitions([{ id: 'one', topics: names }], () => [0, 1]);
  expect(Object.entries(assigned.get('one')!)).toEqual(names.toSorted().map((name) => [name, [0, 1]]));
});
