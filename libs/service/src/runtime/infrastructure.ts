import { eventNames, type Log } from '@countersign/contracts';
import { millisOf } from '@countersign/contracts/time';
import { encode, KafkaBus, kafkajsClient, SqliteBus, type Bus, type BusObserver } from '@countersign/messaging';
import { MongoDatabase, SqliteDatabase, type Database, type RetentionPolicy } from '@countersign/persistence';
import { SqliteFile } from '@countersign/sqlite';
import { resolve } from 'node:path';
import { kafkaSecurity } from '../settings/kafka-security.js';
import type { ServiceSettings } from '../settings/config.js';

/** The log and the store that a process works on. */
export interface Infrastructure {
  bus: Bus;
  /** @see ServiceContext */
  busTo(topics: readonly string[]): Bus;
  database: Database;
  /** No other process can be working on the same records, so whatever a lease says, its worker is gone. */
  exclusive: boolean;
  /** Retention policies of the infrastructure. */
  retention: readonly RetentionPolicy[];
  /** For people: what was chosen. */
  description: { log: string; store: string };
  close(): Promise<void>;
}

export interface InfrastructureOptions {
  clientId: string;
  log: Log;
  observer?: BusObserver;
  /** Resolves when all services have started: what tails the log until then shares a consumer. */
  started?: Promise<void>;
  /** The connection is beyond repair; only a restart helps. */
  onFatal(error: Error): void;
}

/** Kafka and MongoDB where they are configured, the embedded log and store where not. @throws DataInUse */
export function openInfrastructure(settings: ServiceSettings, options: InfrastructureOptions): Infrastructure {
  const { KAFKA_BROKERS: brokers, MONGODB_URI: uri } = settings;
  const dir = resolve(settings.DATA_DIR);
  const file = brokers && uri ? undefined : new SqliteFile(dir);
  const bus = brokers ? kafka(brokers, settings, options) : new SqliteBus(file!, options);
  const others: Bus[] = [];
  const busTo = (topics: readonly string[]) => {
    if (!brokers) return bus;
    const other = kafka(brokers, { ...settings, KAFKA_CREATE_TOPICS: false }, options, topics);
    others.push(other);
    return other;
  };
  const database = uri
    ? new MongoDatabase({ uri, log: options.log })
    : new SqliteDatabase(
        file!,
        bus instanceof SqliteBus ? (events) => bus.publishWithin(events.map(encode)) : undefined,
      );
  return {
    bus,
    busTo,
    database,
    exclusive: !uri,
    retention: bus instanceof SqliteBus ? [{ name: 'log_messages', purgeBefore: (time) => bus.trim(time) }] : [],
    description: {
      log: brokers ? `Kafka at ${brokers.join(', ')}` : `embedded, in ${dir}`,
      store: uri ? `MongoDB at ${hostOf(uri)}` : `embedded, in ${dir}`,
    },
    async close() {
      await Promise.all([bus, ...others].map((each) => each.close()));
      await database.close();
      file?.close();
    },
  };
}

const kafka = (
  brokers: string[],
  settings: ServiceSettings,
  { clientId, log, observer, started, onFatal }: InfrastructureOptions,
  topics: readonly string[] = eventNames,
) =>
  new KafkaBus({
    client: kafkajsClient({ brokers, clientId, security: kafkaSecurity(settings), log }),
    clientId,
    topics,
    createTopics: settings.KAFKA_CREATE_TOPICS,
    partitions: settings.KAFKA_PARTITIONS,
    replicationFactor: settings.KAFKA_REPLICATION_FACTOR,
    sessionTimeoutMs: millisOf(settings.KAFKA_SESSION_TIMEOUT_SECONDS),
    log,
    ...(observer && { observer }),
    ...(started && { started }),
    onFatal,
  });

/** Without credentials. */
const hostOf = (uri: string): string => uri.replace(/^(mongodb(?:\+srv)?:\/\/)(?:[^@/]*@)?/, '$1').replace(/\?.*$/, '');
