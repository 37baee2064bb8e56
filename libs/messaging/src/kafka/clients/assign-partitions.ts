import { createHash } from 'node:crypto';

/** A member of a group, and the topics that it subscribes to. */
export interface Member {
  id: string;
  topics: readonly string[];
}

/** Of each topic the partitions that a member reads. */
export type Assignment = Record<string, number[]>;

/**
 * Each partition goes to one member that subscribes to its topic. Among the members of a topic their numbers differ by one
 * at most, and so do the sums over all topics that have the same members. Who is given which follows from the ids alone, so
 * that few partitions change hands when a member joins or leaves.
 */
export function assignPartitions(
  members: readonly Member[],
  partitionsOf: (topic: string) => readonly number[],
): Map<string, Assignment> {
  const assigned = new Map(members.map(({ id }): [string, Assignment] => [id, Object.create(null) as Assignment]));
  /** By those who share topics, how many partitions of these each of them has. */
  const sums = new Map<string, Map<string, number>>();
  for (const topic of subscribedTopics(members)) {
    const ids = members.filter(({ topics }) => topics.includes(topic)).map(({ id }) => id);
    const shared = JSON.stringify(ids.toSorted());
    const sum = sums.get(shared) ?? new Map(ids.toSorted().map((id) => [id, 0]));
    sums.set(shared, sum);
    const partitions = partitionsOf(topic).toSorted((one, other) => one - other);
    const room = roomOf(partitions.length, sum);
    for (const partition of partitions) {
      const id = preferred(
        [...room.keys()].filter((each) => room.get(each)! > 0),
        topic,
        partition,
      );
      room.set(id, room.get(id)! - 1);
      sum.set(id, sum.get(id)! + 1);
      (assigned.get(id)![topic] ??= []).push(partition);
    }
  }
  return assigned;
}

export const subscribedTopics = (members: readonly Member[]): string[] =>
  [...new Set(members.flatMap(({ topics }) => topics))].toSorted();

/** How many partitions of a topic each takes; those that are left over go to whoever has the fewest. */
function roomOf(partitions: number, sum: ReadonlyMap<string, number>): Map<string, number> {
  const each = Math.floor(partitions / sum.size);
  const fewestFirst = [...sum].toSorted(([, one], [, other]) => one - other);
  return new Map(fewestFirst.map(([id], n) => [id, each + (n < partitions % sum.size ? 1 : 0)]));
}

/** Rendezvous hashing: the preference of a partition for one member does not depend on who the others are. */
function preferred(ids: readonly string[], topic: string, partition: number): string {
  const weight = (id: string) =>
    createHash('sha256')
      .update(JSON.stringify([id, topic, partition]))
      .digest('hex');
  const weighed = ids.map((id) => ({ id, weight: weight(id) }));
  return weighed.reduce((best, each) => (each.weight > best.weight ? each : best)).id;
}
