import type { EpochMillis } from '@countersign/contracts/time';
import kafkajs, { type Admin, type Kafka, type Mechanism, type SASLOptions } from 'kafkajs';
import type { KafkaClient, NewTopic, Position } from '../kafka-client.js';
import type { KafkaServers, SaslLogin } from '../clients/kafka-servers.js';
import type { TopicSettings } from '../topic-settings.js';
import { useCodecs } from './codecs.js';
import { keepFetchPlans } from './fetch-plans.js';
import { useFetchSessions } from './fetch-sessions.js';
import { stopIdleTimers } from './idle-timers.js';
import { KafkajsConsumer } from './kafkajs-consumer.js';
import { KafkajsProducer } from './kafkajs-producer.js';
import { oauthBearer } from './security/oauth-bearer.js';
import { clientRetry } from './retry.js';

stopIdleTimers();
useCodecs();
useFetchSessions();
keepFetchPlans();

/** Kafka through kafkajs, which nothing outside of this folder knows. Nothing is connected before it is used. */
export function kafkajsClient(servers: KafkaServers): KafkaClient {
  const kafka = configured(servers);
  return {
    producer: () => new KafkajsProducer(kafka),
    consumer: (options, listener) => new KafkajsConsumer(kafka, options, listener),
    createTopics: (topics) =>
      withAdmin(kafka, async (admin) => void (await admin.createTopics({ topics: topics.map(toKafkajs) }))),
    topics: () => withAdmin(kafka, (admin) => admin.listTopics()),
    topicSettings: (topics) => withAdmin(kafka, (admin) => settingsOf(admin, topics)),
    offsets: (topics) =>
      withAdmin(kafka, async (admin) => (await Promise.all(topics.map((topic) => offsetsOf(admin, topic)))).flat()),
    offsetsSince: (topics, at) =>
      withAdmin(kafka, async (admin) =>
        (await Promise.all(topics.map((topic) => offsetsSinceOf(admin, topic, at)))).flat(),
      ),
    committed: (group, topics) => withAdmin(kafka, (admin) => committedBy(admin, group, topics)),
    ping: () => withAdmin(kafka, async (admin) => void (await admin.describeCluster())),
  };
}

/** kafkajs logs each attempt of an outage as an error, so it is silent unless KAFKAJS_LOG_LEVEL says otherwise. */
function configured({ brokers, clientId, security = {}, log }: KafkaServers): Kafka {
  const { tls, sasl } = security;
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    ...(tls && { ssl: tls }),
    ...(sasl && { sasl: saslOf(sasl) }),
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: clientRetry,
    logLevel: kafkajs.logLevel.NOTHING,
    logCreator: () => (entry) => log.info({ kafkajs: entry.log }, entry.log.message),
  });
}

const saslOf = (login: SaslLogin): SASLOptions | Mechanism =>
  login.mechanism === 'oauthbearer' ? oauthBearer(login.token, login.extensions) : (login as SASLOptions);

const toKafkajs = ({ topic, partitions, replicationFactor, settings = {} }: NewTopic) => ({
  topic,
  numPartitions: partitions,
  replicationFactor,
  configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
});

async function settingsOf(admin: Admin, topics: readonly string[]): Promise<TopicSettings[]> {
  if (topics.length === 0) return [];
  const resources = topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name }));
  const [metadata, described] = await Promise.all([
    admin.fetchTopicMetadata({ topics: [...topics] }),
    admin.describeConfigs({ resources, includeSynonyms: false }),
  ]);
  const settings = new Map(
    described.resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
  return metadata.topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.length,
    replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    settings: settings.get(name) ?? {},
  }));
}

const offsetsOf = async (admin: Admin, topic: string) =>
  (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
    topic,
    partition,
    low: Number(low),
    high: Number(high),
  }));

const offsetsSinceOf = async (admin: Admin, topic: string, at: EpochMillis): Promise<Position[]> =>
  (await admin.fetchTopicOffsetsByTimestamp(topic, at)).map(({ partition, offset }) => ({
    topic,
    partition,
    offset: Number(offset),
  }));

async function committedBy(admin: Admin, groupId: string, topics: readonly string[]): Promise<Position[]> {
  const found = await admin.fetchOffsets({ groupId, topics: [...topics] });
  return found.flatMap(({ topic, partitions }) =>
    partitions
      .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }))
      .filter(({ offset }) => offset >= 0),
  );
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
