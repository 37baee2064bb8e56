import { deadLetterTopic } from '../delivery/dead-letters.js';
import type { KafkaClient } from './kafka-client.js';

/**
 * The same cluster for one of several installations on it: its topics, dead letters included, and all of its groups have
 * names that begin with `prefix`. Whoever uses the client sees names without it, and topics of others as they are.
 *
 * @param topics of this installation.
 */
export function prefixedClient(client: KafkaClient, prefix: string, topics: readonly string[]): KafkaClient {
  if (prefix === '') return client;
  const own = new Set([...topics, deadLetterTopic]);
  const there = (topic: string): string => (own.has(topic) ? prefix + topic : topic);
  const here = new Map([...own].map((topic) => [prefix + topic, topic]));
  const thereIn = <T extends { topic: string }>(each: T): T => ({ ...each, topic: there(each.topic) });
  const hereIn = <T extends { topic: string }>(each: T): T => ({ ...each, topic: here.get(each.topic) ?? each.topic });

  return {
    producer() {
      const session = client.producer();
      return {
        connect: () => session.connect(),
        send: (messages) => session.send(messages.map(thereIn)),
        close: () => session.close(),
      };
    },
    consumer(options, listener) {
      const records: typeof listener.records = (deliveries) => listener.records(deliveries.map(hereIn));
      const session = client.consumer(
        { ...options, group: prefix + options.group, topics: options.topics.map(there) },
        { ...listener, records },
      );
      return {
        join: (startAt) => session.join(startAt?.map(thereIn)),
        pause: (topic, partition) => session.pause(there(topic), partition),
        commit: (positions) => session.commit(positions.map(thereIn)),
        close: () => session.close(),
      };
    },
    createTopics: (created) => client.createTopics(created.map(thereIn)),
    // A topic with a name of ours and no prefix is another installation's.
    topics: async () =>
      (await client.topics()).filter((topic) => !own.has(topic)).map((topic) => here.get(topic) ?? topic),
    topicSettings: async (wanted) => (await client.topicSettings(wanted.map(there))).map(hereIn),
    offsets: async (wanted) => (await client.offsets(wanted.map(there))).map(hereIn),
    offsetsSince: async (wanted, at) => (await client.offsetsSince(wanted.map(there), at)).map(hereIn),
    committed: async (group, wanted) => (await client.committed(prefix + group, wanted.map(there))).map(hereIn),
    ping: () => client.ping(),
  };
}
