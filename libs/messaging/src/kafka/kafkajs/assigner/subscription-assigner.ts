import kafkajs, { type GroupMember, type PartitionAssigner } from 'kafkajs';
import { assignPartitions, subscribedTopics, type Member } from '../../clients/assign-partitions.js';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

/**
 * Assigns as each member subscribes. That of kafkajs assigns the topics of whoever leads the group to all members alike, so
 * that while two versions share a group nobody reads a topic that only one of them has.
 *
 * It keeps the name of that one. A group takes an assigner that all of its members name, and members only read what they are
 * assigned: so those of a version before this one share the group, and a leader of this version assigns by subscription at once.
 */
export const subscriptionAssigner: PartitionAssigner = (config) => {
  const before = kafkajs.PartitionAssigners.roundRobin(config);
  const { cluster } = config;
  return {
    ...before,
    async assign({ members, topics: own }) {
      const subscribed = members.map(subscriptionOf);
      const known = new Map<string, number[]>();
      for (const topic of subscribedTopics(subscribed)) {
        // Of its own topics a member has the metadata.
        if (!own.includes(topic)) await cluster.addMultipleTargetTopics([topic]).catch(unlessNotThere);
        const partitions = await cluster.findTopicPartitionMetadata(topic);
        known.set(
          topic,
          partitions.map(({ partitionId }) => partitionId),
        );
      }
      const assigned = assignPartitions(subscribed, (topic) => known.get(topic)!);
      return [...assigned].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({ version: before.version, assignment, userData: Buffer.alloc(0) }),
      }));
    },
  };
};

/** What cannot be read subscribes to nothing, and keeps nobody else from reading. */
function subscriptionOf({ memberId: id, memberMetadata }: GroupMember): Member {
  try {
    return { id, topics: MemberMetadata.decode(memberMetadata)?.topics ?? [] };
  } catch {
    return { id, topics: [] };
  }
}

/** A topic of another member that is gone, or that this one may not see, is assigned to nobody. */
function unlessNotThere(error: unknown): void {
  const { type } = error as { type?: string };
  if (!['INVALID_TOPIC_EXCEPTION', 'UNKNOWN_TOPIC_OR_PARTITION', 'TOPIC_AUTHORIZATION_FAILED'].includes(type ?? ''))
    throw error;
}
