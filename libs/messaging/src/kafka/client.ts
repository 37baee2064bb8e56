import type { Log } from '@countersign/contracts';
import kafkajs, { type Admin, type ITopicConfig, type Kafka, type SASLOptions } from 'kafkajs';
import { useFetchSessions } from './fetch-sessions.js';
import { stopIdleTimers } from './idle-timers.js';
import { deadLetterMaxBytes, deadLetterTopic } from '../delivery/dead-letters.js';
import { withTimeout } from '../delivery/with-timeout.js';

const pingTimeoutMs = 3_000;

/** How often kafkajs itself tries again, some three seconds in all. Then whoever called it begins afresh. */
export const clientRetry = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 4 };

stopIdleTimers();
useFetchSessions();

/** How a cluster knows its clients, and they it. */
export interface KafkaSecurity {
  /** Encrypted, as PEM: whom to trust besides the system's authorities, and what to show. Unset: in the clear. */
  tls?: { ca?: string; cert?: string; key?: string };
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
}

export interface KafkaServers {
  brokers: readonly string[];
  clientId: string;
  security?: KafkaSecurity | undefined;
  log: Log;
}

/** kafkajs logs each attempt of an outage as an error, so it is silent unless KAFKAJS_LOG_LEVEL says otherwise. */
export function connectLater({ brokers, clientId, security = {}, log }: KafkaServers): Kafka {
  const { tls, sasl } = security;
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    ...(tls && { ssl: tls }),
    ...(sasl && { sasl: sasl as SASLOptions }),
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: clientRetry,
    logLevel: kafkajs.logLevel.NOTHING,
    logCreator: () => (entry) => log.info({ kafkajs: entry.log }, entry.log.message),
  });
}

/** Uses a connection of its own, so that it tells what a client that starts now would see. */
async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin({ retry: { ...clientRetry, retries: 0 } });
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    admin.disconnect().catch(() => {});
  }
}

/** @throws the reason why the cluster cannot be reached */
export async function ping(kafka: Kafka): Promise<void> {
  await withTimeout(
    pingTimeoutMs,
    'reaching Kafka',
    withAdmin(kafka, (admin) => admin.describeCluster()),
  );
}

interface Topics {
  topics: readonly string[];
  partitions: number;
  replicationFactor: number;
}

/** Creates what is missing and leaves alone what exists. */
export async function createTopics(kafka: Kafka, { topics, partitions, replicationFactor }: Topics): Promise<void> {
  const common = { numPartitions: partitions, replicationFactor };
  const configs: ITopicConfig[] = topics
    .filter((topic) => topic !== deadLetterTopic)
    .map((topic) => ({ topic, ...common }));
  const configEntries = [{ name: 'max.message.bytes', value: String(deadLetterMaxBytes) }];
  configs.push({ topic: deadLetterTopic, ...common, configEntries });
  await withAdmin(kafka, (admin) => admin.createTopics({ topics: configs }));
}

/** @throws when one of them does not exist */
export async function findTopics(kafka: Kafka, topics: readonly string[]): Promise<void> {
  await withAdmin(kafka, (admin) => admin.fetchTopicMetadata({ topics: [...topics, deadLetterTopic] }));
}

/** Where the latest messages of each topic begin, about so many of them; a partition without any is left out. */
export function beforeEnd(kafka: Kafka, topics: readonly string[], messages: number) {
  return withAdmin(kafka, async (admin) => {
    const perTopic = await Promise.all(
      topics.map(async (topic) => {
        const partitions = await admin.fetchTopicOffsets(topic);
        const share = Math.ceil(messages / partitions.length);
        return partitions
          .filter(({ low, high }) => low !== high)
          .map(({ partition, low, high }) => ({
            topic,
            partition,
            offset: String(Math.max(Number(low), Number(high) - share)),
            end: Number(high),
          }));
      }),
    );
    return perTopic.flat();
  });
}

/** Which of the topics a cluster does not have. @throws the reason why it cannot be reached */
export async function missingTopics(server: KafkaServers, topics: readonly string[]): Promise<string[]> {
  const there = await withTimeout(
    pingTimeoutMs,
    'reaching Kafka',
    withAdmin(connectLater(server), (admin) => admin.listTopics()),
  );
  return [...topics, deadLetterTopic].filter((topic) => !there.includes(topic));
}
