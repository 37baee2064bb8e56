import {
  Admin,
  AuthenticationError,
  ConfigResourceTypes,
  ListOffsetTimestamps,
  NetworkError,
  type BaseOptions,
  type SASLOptions,
} from '@platformatic/kafka';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaServers } from '../clients/kafka-servers.js';
import type { KafkaClient, NewTopic } from '../kafka-client.js';
import type { TopicSettings } from '../topic-settings.js';
import { limitCodecs } from './codecs.js';
import { PlatformaticConsumer } from './platformatic-consumer.js';
import { codesIn, kafkaError, retryableIn } from './platformatic-error.js';
import { PlatformaticProducer } from './platformatic-producer.js';

limitCodecs();

export type ClientOptions = Pick<
  BaseOptions,
  'clientId' | 'bootstrapBrokers' | 'connectTimeout' | 'requestTimeout' | 'tls' | 'sasl'
>;

/** How long to wait for a topic that was created to have a leader for each partition. */
const leadersMs = 5_000;

/** Kafka through @platformatic/kafka, which nothing outside of this folder knows. Nothing is connected before it is used. */
export function platformaticClient(servers: KafkaServers): KafkaClient {
  const options = configured(servers);
  const withAdmin = <T>(work: (admin: Admin) => Promise<T>): Promise<T> => using(options, work);
  return {
    producer: () => new PlatformaticProducer(options),
    consumer: (wanted, listener) => new PlatformaticConsumer(options, wanted, listener),
    createTopics: (topics) => withAdmin((admin) => createAll(admin, topics)),
    topics: () => withAdmin((admin) => admin.listTopics()),
    topicSettings: (topics) => withAdmin((admin) => settingsOf(admin, topics)),
    offsets: (topics) =>
      withAdmin(async (admin) => {
        const [low, high] = [await offsetsAt(admin, topics, EARLIEST), await offsetsAt(admin, topics, LATEST)];
        return low.map(({ offset, ...at }, n) => ({ ...at, low: offset, high: high[n]!.offset }));
      }),
    offsetsSince: (topics, at) =>
      withAdmin(async (admin) => {
        const [since, end] = [await offsetsAt(admin, topics, BigInt(at)), await offsetsAt(admin, topics, LATEST)];
        return since.map((each, n) => (each.offset < 0 ? end[n]! : each));
      }),
    committed: (group, topics) => withAdmin((admin) => committedBy(admin, group, topics)),
    ping: () => withAdmin(async (admin) => void (await admin.metadata({ topics: [] }))),
  };
}

const { EARLIEST, LATEST } = ListOffsetTimestamps;

function configured({ brokers, clientId, security = {} }: KafkaServers): ClientOptions {
  const { tls, sasl } = security;
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: 3_000,
    requestTimeout: 10_000,
    ...(tls && { tls }),
    ...(sasl && { sasl: saslOf(sasl) }),
  };
}

function saslOf(login: NonNullable<NonNullable<KafkaServers['security']>['sasl']>): SASLOptions {
  if (login.mechanism !== 'oauthbearer') {
    const mechanism = login.mechanism.toUpperCase() as 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    return { mechanism, username: login.username, password: login.password };
  }
  const { token, extensions } = login;
  return {
    mechanism: 'OAUTHBEARER',
    token,
    ...(extensions && { oauthBearerExtensions: { ...extensions } }),
    // A broker refuses a token by what it answers and not by an error.
    authBytesValidator: (answer, callback) => {
      if (answer.length === 0) return callback(null, answer);
      // A code of OAuth. What else a broker says is not repeated.
      const status = /"status":"([\w.-]{1,60})"/.exec(answer.toString())?.[1] ?? 'no reason';
      callback(new AuthenticationError(`a broker does not take the token: ${status}`));
    },
  };
}

/** Uses a connection of its own, so that it tells what a client that starts now would see. */
async function using<T>(options: ClientOptions, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ ...options, retries: 0 });
  try {
    return await work(admin);
  } catch (error) {
    throw retryableIn(error) ?? kafkaError(error);
  } finally {
    admin.close().catch(() => {});
  }
}

/** One request for each set of settings, which the client takes for all topics of it. */
async function createAll(admin: Admin, topics: readonly NewTopic[]): Promise<void> {
  for (const [settings, some] of Map.groupBy(topics, ({ settings = {} }) => JSON.stringify(settings))) {
    const configs = Object.entries(JSON.parse(settings) as Record<string, string>);
    const created = admin.createTopics({
      topics: some.map(({ topic, partitions, replicationFactor: replicas }) => ({ topic, partitions, replicas })),
      configs: configs.map(([name, value]) => ({ name, value })),
    });
    await created.catch((error: unknown) => {
      const codes = codesIn(error);
      if (codes.length === 0 || codes.some((code) => code !== 'TOPIC_ALREADY_EXISTS')) throw error;
    });
  }
  const names = topics.map(({ topic }) => topic);
  for (const until = performance.now() + leadersMs; !(await haveLeaders(admin, names)); await delay(50))
    if (performance.now() > until) throw new NetworkError('topics have no leaders yet');
}

const haveLeaders = (admin: Admin, topics: readonly string[]): Promise<boolean> =>
  admin.metadata({ topics: [...topics], forceUpdate: true }).then(
    (metadata) =>
      [...metadata.topics.values()].every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)),
    () => false,
  );

async function settingsOf(admin: Admin, topics: readonly string[]): Promise<TopicSettings[]> {
  if (topics.length === 0) return [];
  const resources = topics.map((resourceName) => ({ resourceType: ConfigResourceTypes.TOPIC, resourceName }));
  const { topics: found } = await admin.metadata({ topics: [...topics] });
  const described = await admin.describeConfigs({ resources });
  const settings = new Map(
    described.map(({ resourceName, configs }) => [
      resourceName,
      Object.fromEntries(configs.map(({ name, value }) => [name, String(value)])),
    ]),
  );
  return [...found].map(([topic, { partitions }]) => ({
    topic,
    partitions: partitions.length,
    replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    settings: settings.get(topic) ?? {},
  }));
}

/** Of each partition in order. */
async function offsetsAt(admin: Admin, topics: readonly string[], timestamp: bigint) {
  if (topics.length === 0) return [];
  const metadata = await admin.metadata({ topics: [...topics] });
  const partitionsOf = (topic: string) => [...metadata.topics.get(topic)!.partitions.keys()];
  const listed = await admin.listOffsets({
    topics: topics.map((name) => ({
      name,
      partitions: partitionsOf(name).map((partitionIndex) => ({ partitionIndex, timestamp })),
    })),
  });
  const offsets = new Map(
    listed.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, offset }) => [`${name}/${partitionIndex}`, Number(offset)]),
    ),
  );
  return topics.flatMap((topic) =>
    partitionsOf(topic).map((partition) => ({ topic, partition, offset: offsets.get(`${topic}/${partition}`) ?? -1 })),
  );
}

async function committedBy(admin: Admin, groupId: string, topics: readonly string[]) {
  if (topics.length === 0) return [];
  const metadata = await admin.metadata({ topics: [...topics] });
  const wanted = topics.map((name) => ({
    name,
    partitionIndexes: [...metadata.topics.get(name)!.partitions.keys()],
  }));
  const found = await admin.listConsumerGroupOffsets({ groups: [{ groupId, topics: wanted }] });
  return found
    .flatMap((group) => group.topics)
    .flatMap(({ name: topic, partitions }) =>
      partitions
        .map(({ partitionIndex: partition, committedOffset }) => ({
          topic,
          partition,
          offset: Number(committedOffset),
        }))
        .filter(({ offset }) => offset >= 0),
    );
}
