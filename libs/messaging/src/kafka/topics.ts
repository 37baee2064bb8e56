import type { HistoryOptions, LogHistory, TopicLag } from '../bus.js';
import { deadLetterMaxBytes, deadLetterTopic } from '../delivery/dead-letters.js';
import { withTimeout } from '../delivery/with-timeout.js';
import type { KafkaClient, Position } from './kafka-client.js';

const pingTimeoutMs = 3_000;

interface Topics {
  topics: readonly string[];
  partitions: number;
  replicationFactor: number;
}

/** Creates what is missing, dead letters included, and leaves alone what exists. */
export async function createTopics(client: KafkaClient, { topics, ...size }: Topics): Promise<void> {
  const others = topics.filter((topic) => topic !== deadLetterTopic).map((topic) => ({ topic, ...size }));
  await client.createTopics([
    ...others,
    { topic: deadLetterTopic, ...size, settings: { 'max.message.bytes': String(deadLetterMaxBytes) } },
  ]);
}

/** Which of the topics, dead letters included, a cluster does not have. @throws the reason why it cannot be reached */
export async function missingTopics(client: KafkaClient, topics: readonly string[]): Promise<string[]> {
  const there = new Set(await withTimeout(pingTimeoutMs, 'reaching Kafka', client.topics()));
  return [...topics, deadLetterTopic].filter((topic) => !there.has(topic));
}

/** @throws when one of them does not exist */
export async function findTopics(client: KafkaClient, topics: readonly string[]): Promise<void> {
  const missing = await missingTopics(client, topics);
  if (missing.length > 0) throw new Error(`no such topic: ${missing.join(', ')}`);
}

/** @see Bus.history */
export async function historyOf(
  client: KafkaClient,
  { topics, since, group, groupTopics }: HistoryOptions,
): Promise<LogHistory> {
  const there = new Set(await client.topics());
  const [own, ofGroup] = [topics, groupTopics].map((some) => some.filter((topic) => there.has(topic)));
  const [offsets, recent, committed] = await Promise.all([
    client.offsets(own!),
    client.offsetsSince(own!, since),
    client.committed(group, ofGroup!),
  ]);
  const ends = new Map(offsets.map(({ topic, partition, high }) => [`${topic}/${partition}`, high]));
  return {
    written: offsets.some(({ high }) => high > 0),
    writtenSince: recent.some(({ topic, partition, offset }) => offset < (ends.get(`${topic}/${partition}`) ?? 0)),
    handled: committed.length > 0,
  };
}

/** @see Bus.lag */
export async function lagOf(client: KafkaClient, group: string, topics: readonly string[]): Promise<TopicLag[]> {
  const there = new Set(await client.topics());
  const own = topics.filter((topic) => there.has(topic));
  const [offsets, committed] = await Promise.all([client.offsets(own), client.committed(group, own)]);
  const at = new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  const byTopic = Map.groupBy(offsets, ({ topic }) => topic);
  return [...byTopic].map(([topic, partitions]) => {
    const left = partitions.map(
      ({ partition, low, high }) => high - Math.max(low, at.get(`${topic}/${partition}`) ?? low),
    );
    return { topic, messages: left.reduce((sum, each) => sum + Math.max(0, each), 0) };
  });
}

/** Where the latest messages of each topic begin, about so many of them; a partition without any is left out. */
export async function beforeEnd(
  client: KafkaClient,
  topics: readonly string[],
  messages: number,
): Promise<(Position & { end: number })[]> {
  const byTopic = Map.groupBy(await client.offsets(topics), ({ topic }) => topic);
  return [...byTopic.values()].flatMap((partitions) => {
    const share = Math.ceil(messages / partitions.length);
    return partitions
      .filter(({ low, high }) => low !== high)
      .map(({ topic, partition, low, high }) => ({ topic, partition, offset: Math.max(low, high - share), end: high }));
  });
}
