import { catalogue, eventNames, type Log } from '@countersign/contracts';
import { millisOf, systemClock, type Clock } from '@countersign/contracts/time';
import {
  encode,
  installationBus,
  SqliteBus,
  type Bus,
  type BusObserver,
  type InstallationBusOptions,
} from '@countersign/messaging';
import { SqliteDatabase, type Database, type RetentionPolicy } from '@countersign/persistence';
import { SqliteFile } from '@countersign/sqlite';
import { join, resolve } from 'node:path';
import { Backups } from '../backups/backups.js';
import { kafkaSecurity } from '../settings/kafka-security.js';
import type { ServiceSettings } from '../settings/config.js';
import { sending, tracedBus } from '../tracing/traced-bus.js';
import { noTracing, type Tracing } from '../tracing/tracing.js';

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
  /** Gives the room of what was removed back to the disk. */
  shrink(): Promise<void>;
  /** Copies of what is embedded, where all of it is. */
  backups?: Backups;
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
  /** In whose spans messages are sent; default: none. */
  tracing?: Tracing;
  /** Called with messages of other installations on the topics of this one. */
  onForeign?: InstallationBusOptions['onForeign'];
  /** By which what is stored is dated; default: the clock of this machine. */
  now?: Clock;
  /** The connection is beyond repair; only a restart helps. */
  onFatal(error: Error): void;
}

/**
 * Kafka and MongoDB where they are configured, the embedded log and store where not. The clients of both are loaded where
 * they are used only, which is a fifth of a start without them.
 *
 * @throws DataInUse
 */
export async function openInfrastructure(
  settings: ServiceSettings,
  options: InfrastructureOptions,
): Promise<Infrastructure> {
  const { KAFKA_BROKERS: brokers, MONGODB_URI: uri } = settings;
  const dir = resolve(settings.DATA_DIR);
  const file = brokers && uri ? undefined : new SqliteFile(dir);
  const kafka = brokers ? await kafkaOf(brokers, settings, options) : undefined;
  const { tracing = noTracing } = options;
  const embedded = kafka ? undefined : new SqliteBus(file!, options);
  const log: Bus = kafka
    ? installationBus(kafka(eventNames), {
        installation: settings.KAFKA_INSTALLATION,
        topics: ofServices,
        onForeign: options.onForeign ?? (() => {}),
      })
    : embedded!;
  const bus = tracedBus(log, tracing, kafka ? 'kafka' : 'sqlite');
  const others: Bus[] = [];
  const busTo = (topics: readonly string[]) => {
    if (!kafka) return bus;
    const other = tracedBus(kafka(topics, false), tracing, 'kafka');
    others.push(other);
    return other;
  };
  const database = uri
    ? await openMongo(uri, options)
    : new SqliteDatabase(
        file!,
        embedded &&
          ((events) => {
            const { sent, end } = sending(events.map(encode), tracing, 'sqlite');
            const announce = embedded.publishWithin(sent);
            end();
            return announce;
          }),
      );
  return {
    bus,
    busTo,
    database,
    exclusive: !uri,
    ...(file &&
      !brokers &&
      !uri && {
        backups: new Backups({
          file,
          dataDir: dir,
          backupDir: resolve(settings.BACKUP_DIR ?? join(dir, 'backups')),
          log: options.log,
          now: systemClock,
        }),
      }),
    shrink: async () => file?.shrink(),
    retention: embedded ? [{ name: 'log_messages', purgeBefore: (time) => embedded.trim(time) }] : [],
    description: {
      log: brokers ? `Kafka at ${brokers.join(', ')}${named(settings.KAFKA_PREFIX)}` : `embedded, in ${dir}`,
      store: uri ? `MongoDB at ${hostOf(uri)}` : `embedded, in ${dir}`,
    },
    async close() {
      await Promise.all([bus, ...others].map((each) => each.close()));
      await database.close();
      file?.close();
    },
  };
}

/** What services publish; commands are anybody's. */
const ofServices = new Set<string>(eventNames.filter((name) => catalogue[name].from !== 'anyone'));

/** What makes a bus of some topics on these brokers. */
async function kafkaOf(
  brokers: string[],
  settings: ServiceSettings,
  { clientId, log, observer, started, onFatal }: InfrastructureOptions,
): Promise<(topics: readonly string[], createTopics?: boolean) => Bus> {
  const { KafkaBus, kafkaClient, prefixedClient } = await import('@countersign/messaging/kafka');
  const servers = { brokers, clientId, security: kafkaSecurity(settings), log };
  const client = await kafkaClient(settings.KAFKA_CLIENT, servers);
  return (topics, createTopics = settings.KAFKA_CREATE_TOPICS) =>
    new KafkaBus({
      client: prefixedClient(client, settings.KAFKA_PREFIX, eventNames),
      clientId,
      topics,
      createTopics,
      partitions: settings.KAFKA_PARTITIONS,
      replicationFactor: settings.KAFKA_REPLICATION_FACTOR,
      sessionTimeoutMs: millisOf(settings.KAFKA_SESSION_TIMEOUT_SECONDS),
      log,
      ...(observer && { observer }),
      ...(started && { started }),
      onFatal,
    });
}

async function openMongo(uri: string, { log, now }: InfrastructureOptions): Promise<Database> {
  const { MongoDatabase } = await import('@countersign/persistence/mongodb');
  return new MongoDatabase({ uri, log, ...(now && { now }) });
}

const named = (prefix: string): string => (prefix === '' ? '' : `, as ${prefix}*`);

/** Without credentials. */
const hostOf = (uri: string): string => uri.replace(/^(mongodb(?:\+srv)?:\/\/)(?:[^@/]*@)?/, '$1').replace(/\?.*$/, '');
