import { eventNames, type Event, type EventName, type ServiceName } from '@countersign/contracts';
import { systemClock } from '@countersign/contracts/time';
import { decode, SqliteBus, type Bus, type Delivery } from '@countersign/messaging';
import { KafkaBus, kafkaClient } from '@countersign/messaging/kafka';
import { SqliteDatabase, type Database } from '@countersign/persistence';
import { beginRecovery, endRecovery, installationsIn } from '@countersign/persistence/installation';
import { MongoDatabase } from '@countersign/persistence/mongodb';
import { SqliteFile } from '@countersign/sqlite';
import { newServiceKeys } from '@countersign/testing/service-keys';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isReady, runCommand, startChild, type AppName, type Child } from './child.js';
import { Client } from './client.js';
import { Credentials } from './credentials.js';
import { eventually } from './eventually.js';
import { forgetGroups } from './external-kafka.js';

/** One start of the deployment program, as the target itself wrote it down. */
interface DeploymentStart {
  release_id: string;
  service: string;
  version: string;
}

/** Where a process ends with `kill -9`, such as `committed tool.execution_started`; see `crash-at.ts`. */
export type CrashPoint = `${'committing' | 'committed' | 'published'} ${EventName}`;

/** What `countersign rebuild` reports: of the store the events that nobody signed whom it knows, of the log the runs that end. */
interface Rebuilt {
  not_believed: { id: string }[];
  ended: string[];
}

/** The whole system as real processes, on one kind of log and store. */
export interface Stack {
  /** Where it keeps what is on disk; its data under `data`. */
  readonly dir: string;
  readonly name: string;
  readonly client: Client;
  /** Starts every service that is not running, and waits until all are ready. */
  start(): Promise<void>;
  /** Ends whichever process comes to this point first, once. */
  crashAt(point: CrashPoint): void;
  /** Starts every service that is not running, ready or not. */
  boot(): Promise<void>;
  /** With what everything is started from now on, besides; undefined takes a setting back. */
  set(env: Record<string, string | undefined>): void;
  /** Replaces every process by one of these builds. Where several can share a store the former end when `beside` is done. */
  roll(builds: Builds, beside: () => Promise<void>): Promise<void>;
  /** The instances that run a service. */
  children(service: ServiceName): readonly Child[];
  /** Ends all of a service with `kill -9`. On one process that is the whole system. */
  kill(service: ServiceName): Promise<void>;
  /** From now on what is started again listens where it did before; for services of one instance. */
  keepAddresses(): void;
  /** Ends a service with SIGTERM, or everything. */
  stop(service?: ServiceName): Promise<void>;
  /**
   * Works on the log directly, beside the services where that is possible and between two lives of them where not.
   *
   * @param topics of other platforms, besides those of Countersign.
   */
  withBus<T>(work: (bus: Bus) => Promise<T>, topics?: readonly string[]): Promise<T>;
  /** Works on the records directly, beside the services where that is possible and between two lives of them where not. */
  withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /** Lets every service read the log from its beginning again; the services are stopped. */
  rewind(): Promise<void>;
  /** Empties the store, and not the log; the services are stopped. */
  forget(): Promise<void>;
  /** `countersign recover` in the environment of the services, with these arguments. @returns what it prints */
  recover(...args: string[]): Promise<string>;
  /** `countersign rebuild`, as `recover`. @returns its report */
  rebuild(...args: string[]): Promise<Rebuilt>;
  /** What the deployment target was told to do, ever. */
  deployments(): DeploymentStart[];
  close(): Promise<void>;
}

const log = { info() {}, warn() {}, error() {} };
export const serviceNames = ['agent-runner', 'approval-service', 'executor'] as const satisfies ServiceName[];
const withRecord = [...serviceNames, 'audit'] as const satisfies ServiceName[];
const faults = new URL('../faults/', import.meta.url.replace('/src/', '/dist/'));
const crashModule = new URL('crash-at.js', faults).href;
const clockModule = new URL('clock-ahead.js', faults).href;

/** Where an app is built that is not of this checkout. */
export type Builds = Partial<Record<AppName, string>>;

export interface StackOptions {
  env?: Record<string, string>;
  builds?: Builds;
  /** Whether the audit service runs too; in one process it always does. */
  record?: boolean;
}

abstract class Processes {
  readonly dir = mkdtempSync(join(tmpdir(), 'countersign-e2e-'));
  readonly running = new Map<AppName, Child[]>();
  readonly env: Record<string, string>;
  credentials = new Credentials();
  protected builds: Builds;
  readonly #ports = new Map<AppName, string>();

  constructor({ env = {}, builds = {} }: StackOptions = {}) {
    this.builds = builds;
    this.env = {
      DEPLOY_TARGET_DIR: join(this.dir, 'deployments'),
      LEASE_SECONDS: '2',
      AUDIT_CHECKPOINT_SECONDS: '0.2',
      ...env,
    };
  }

  deployments(): DeploymentStart[] {
    const file = join(this.dir, 'deployments', 'starts.jsonl');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as DeploymentStart);
  }

  abstract children(service: ServiceName): readonly Child[];
  /** What tells a service where its log and store are. */
  protected abstract where(): Record<string, string>;

  set(env: Record<string, string | undefined>): void {
    for (const [name, value] of Object.entries(env)) {
      if (value === undefined) delete this.env[name];
      else this.env[name] = value;
    }
  }

  /** Keys that were made are not in the store any more. */
  forgetKeys(): void {
    this.credentials = new Credentials();
  }

  recover(...args: string[]): Promise<string> {
    return runCommand(['recover', ...args], { ...this.env, ...this.where() });
  }

  async rebuild(...args: string[]): Promise<Rebuilt> {
    const env = { ...this.env, ...this.where(), ...(await this.keys()) };
    return JSON.parse(await runCommand(['--json', 'rebuild', ...args], env)) as Rebuilt;
  }

  /** What services sign and verify with, where they do not make it themselves. */
  protected async keys(): Promise<Record<string, string>> {
    return {};
  }

  crashAt(point: CrashPoint): void {
    writeFileSync(this.#crashFile, point);
  }

  get #crashFile(): string {
    return join(this.dir, 'crash');
  }

  keepAddresses(): void {
    for (const [app, [child]] of this.running) this.#ports.set(app, new URL(child!.url).port);
  }

  async stop(service?: ServiceName): Promise<void> {
    const children = service ? this.children(service) : [...this.running.values()].flat();
    await Promise.all(children.map((child) => child.stop()));
  }

  async kill(service: ServiceName): Promise<void> {
    await Promise.all(this.children(service).map((child) => child.kill()));
  }

  async close(): Promise<void> {
    const children = [...this.running.values()].flat();
    await Promise.all(children.map((child) => child.kill()));
    rmSync(this.dir, { recursive: true, force: true });
  }

  protected async launch(app: AppName, env: Record<string, string>, ...preload: string[]): Promise<Child> {
    const [port, build] = [this.#ports.get(app), this.builds[app]];
    const child = await startChild({
      app,
      ...(build !== undefined && { build }),
      env: { ...this.env, ...env, ...(port && { PORT: port }) },
      preload: [`${crashModule}?at=${encodeURIComponent(pathToFileURL(this.#crashFile).href)}`, ...preload],
    });
    const forget = () => {
      const rest = (this.running.get(app) ?? []).filter((each) => each !== child);
      if (rest.length > 0) this.running.set(app, rest);
      else this.running.delete(app);
    };
    child.ended.then(forget, forget);
    this.running.set(app, [...(this.running.get(app) ?? []), child]);
    return child;
  }
}

/** One process on the embedded log and store. */
export class EmbeddedStack extends Processes implements Stack {
  readonly name = 'embedded';
  readonly #dataDir = join(this.dir, 'data');

  get client(): Client {
    const { url } = this.children()[0]!;
    return new Client({ runs: url, approvals: url, executions: url }, this.credentials);
  }

  async start(): Promise<void> {
    if (this.running.has('standalone')) return;
    await this.boot();
    await eventually('standalone to be ready', () => isReady(this.children()[0]!.url));
  }

  async roll(builds: Builds, beside: () => Promise<void>): Promise<void> {
    await this.stop();
    this.builds = builds;
    await this.start();
    await beside();
  }

  async boot(): Promise<void> {
    if (!this.running.has('standalone')) await this.launch('standalone', this.where());
  }

  protected where(): Record<string, string> {
    return { DATA_DIR: this.#dataDir };
  }

  children(): readonly Child[] {
    return this.running.get('standalone') ?? [];
  }

  async rewind(): Promise<void> {
    const file = new SqliteFile(this.#dataDir);
    await file.write(() => file.exec('DELETE FROM positions'));
    file.close();
  }

  async forget(): Promise<void> {
    const file = new SqliteFile(this.#dataDir);
    const tables = file
      .sql(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('log', 'positions') AND name NOT LIKE 'sqlite_%'",
      )
      .all();
    await file.write(() => file.exec(tables.map(({ name }) => `DELETE FROM ${name};`).join('')));
    file.close();
    this.forgetKeys();
  }

  withBus<T>(work: (bus: Bus) => Promise<T>): Promise<T> {
    return this.#withFile(async (file) => {
      const bus = new SqliteBus(file, { log });
      return work(bus).finally(() => bus.close());
    });
  }

  withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.#withFile((file) => work(new SqliteDatabase(file)));
  }

  async #withFile<T>(work: (file: SqliteFile) => Promise<T>): Promise<T> {
    await this.stop();
    const file = new SqliteFile(this.#dataDir);
    try {
      return await work(file);
    } finally {
      file.close();
      await this.start();
    }
  }
}

interface Servers {
  brokers: string;
  mongodb: string;
  /** Of each service, or of those that have more than one. */
  instances: number | Partial<Record<ServiceName, number>>;
  /** How far the clock of one executor is ahead. */
  executorAheadMs?: number;
}

/** Each service as processes of its own, on Kafka and MongoDB. */
export class DistributedStack extends Processes implements Stack {
  readonly name = 'Kafka and MongoDB';
  readonly #servers: Servers;
  #keys: ReturnType<typeof newServiceKeys> | undefined;
  #begun: Promise<void> | undefined;
  readonly #services: readonly ServiceName[];
  #database = newDatabase();

  constructor(servers: Servers, options: StackOptions = {}) {
    super(options);
    this.#servers = servers;
    this.#services = options.record ? withRecord : serviceNames;
  }

  /** A client of one instance of each, another one each time. */
  get client(): Client {
    const any = (service: ServiceName): string => {
      const children = this.children(service);
      return children[Math.floor(Math.random() * children.length)]!.url;
    };
    const origins = { runs: any('agent-runner'), approvals: any('approval-service'), executions: any('executor') };
    return new Client(origins, this.credentials);
  }

  async start(): Promise<void> {
    await (this.#begun ??= this.#begin());
    await this.boot();
    await this.ready();
  }

  async roll(builds: Builds, beside: () => Promise<void>): Promise<void> {
    const former = new Map(this.running);
    this.running.clear();
    this.builds = builds;
    await this.start();
    for (const [app, children] of former) this.running.set(app, [...(this.running.get(app) ?? []), ...children]);
    await beside();
    await Promise.all([...former.values()].flat().map((child) => child.stop()));
  }

  /** Resolves once every service runs and says it is ready; what ends meanwhile is started again. */
  async ready(): Promise<void> {
    const areReady = async () => {
      await this.boot();
      const children = this.#services.flatMap((service) => this.children(service));
      return (await Promise.all(children.map(({ url }) => isReady(url)))).every(Boolean);
    };
    await eventually('all services to be ready', areReady, { ms: 60_000 });
  }

  /** Starts every service that is not running, whether or not there is a broker and a database. */
  async boot(): Promise<void> {
    const env = {
      ...this.where(),
      KAFKA_SESSION_TIMEOUT_SECONDS: '5',
      DATA_DIR: join(this.dir, 'data'),
      ...(await this.keys()),
    };
    const { instances } = this.#servers;
    const launch = (service: ServiceName, others: Record<string, string> = {}) => {
      const wanted = typeof instances === 'number' ? instances : (instances[service] ?? 1);
      const missing = wanted - this.children(service).length;
      return Promise.all(
        Array.from({ length: Math.max(0, missing) }, (_, n) =>
          this.launch(service, { ...env, ...others }, ...(service === 'executor' && n === 0 ? this.#wrongClock() : [])),
        ),
      );
    };
    const record = this.#services.includes('audit') && launch('audit');
    await Promise.all([launch('agent-runner'), launch('executor'), record]);
    // People go to the approval service, which hands on what is for the others.
    await launch('approval-service', this.#others());
  }

  /** What other stacks have left in the log is none of this one, whose store is new. */
  async #begin(): Promise<void> {
    await this.withDatabase(async (database) => {
      const store = installationsIn(database);
      for (const service of this.#services) {
        await beginRecovery(store, service, systemClock(), 'a new stack');
        await endRecovery(store, service, systemClock());
      }
    });
  }

  #wrongClock(): string[] {
    const { executorAheadMs: ms } = this.#servers;
    return ms === undefined ? [] : [`${clockModule}?ms=${ms}`];
  }

  #others(): Record<string, string> {
    const [runner, executor] = [this.children('agent-runner')[0], this.children('executor')[0]];
    const [audit] = this.children('audit');
    return {
      ...(runner && { AGENT_RUNNER_URL: runner.url }),
      ...(executor && { EXECUTOR_URL: executor.url }),
      ...(audit && { AUDIT_URL: audit.url }),
    };
  }

  children(service: ServiceName): readonly Child[] {
    return this.running.get(service) ?? [];
  }

  protected where(): Record<string, string> {
    return { KAFKA_BROKERS: this.#servers.brokers, MONGODB_URI: this.#mongodbUri };
  }

  protected override keys(): Promise<Record<string, string>> {
    return (this.#keys ??= newServiceKeys());
  }

  async forget(): Promise<void> {
    this.#database = newDatabase();
    this.forgetKeys();
  }

  rewind(): Promise<void> {
    return forgetGroups(this.#servers.brokers, this.#services);
  }

  get #mongodbUri(): string {
    return databaseAt(this.#servers.mongodb, this.#database);
  }

  async withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = new MongoDatabase({ uri: this.#mongodbUri, dbName: this.#database, log });
    return work(database).finally(() => database.close());
  }

  async withBus<T>(work: (bus: Bus) => Promise<T>, topics: readonly string[] = []): Promise<T> {
    const bus = new KafkaBus({
      client: await kafkaClient('kafkajs', { brokers: this.#servers.brokers.split(','), clientId: 'e2e', log }),
      clientId: 'e2e',
      topics: [...eventNames, ...topics],
      createTopics: true,
      partitions: 6,
      replicationFactor: 1,
      log,
      onFatal: (error) => {
        throw error;
      },
    });
    try {
      return await work(bus);
    } finally {
      await bus.close();
    }
  }
}

const newDatabase = () => `countersign_${randomUUID().slice(0, 8)}`;

/** The URI with another database as its path. */
const databaseAt = (uri: string, name: string): string => uri.replace(/^([^/]+\/\/[^/?]+)(\/[^?]*)?/, `$1/${name}`);

/** Reads topics from the beginning until nothing more has come for a while. */
export async function readAll(bus: Bus, topics: readonly string[]): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  const subscription = bus.subscribe({
    group: `e2e-${randomUUID()}`,
    topics: topics.toSorted(),
    handle: async (delivery) => void deliveries.push(delivery),
  });
  let seen = -1;
  await eventually(
    'the log to be read',
    async () => {
      if (!subscription.joined || deliveries.length !== seen) {
        seen = subscription.joined ? deliveries.length : -1;
        return false;
      }
      return true;
    },
    { every: 700 },
  );
  await subscription.close();
  return deliveries;
}

/** What the record says of events is not one more of them. */
export const ofRuns = eventNames.filter((name) => !name.startsWith('audit.'));

/** The events of a run, from the log. */
export async function eventsOf(stack: Stack, runId: string): Promise<Event[]> {
  const deliveries = await stack.withBus((bus) => readAll(bus, ofRuns));
  return deliveries.filter(({ key }) => key === runId).map(decode);
}
