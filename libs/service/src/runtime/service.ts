import type { Auth } from '@countersign/auth';
import type { Log, ServiceName } from '@countersign/contracts';
import type { EpochMillis, Millis } from '@countersign/contracts/time';
import type { Bus, Handler } from '@countersign/messaging';
import type { Database, RetentionPolicy, Store, StoredRecord } from '@countersign/persistence';
import type { SetBack } from '@countersign/persistence/installation';
import type { ExpiredRecords } from '@countersign/persistence/retention';
import type { DynamicModule } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { ReadinessCheck } from '../http/health.controller.js';
import type { Configuration } from '../configuration/configuration.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Tracing } from '../tracing/tracing.js';

/** What a service gets to work with. */
export interface ServiceContext {
  bus: Bus;
  /**
   * The log of other platforms, on the same brokers, for these topics. They are theirs to create; while one is missing,
   * publishing there fails as in an outage, and nothing of ours waits for it.
   */
  busTo(topics: readonly string[]): Bus;
  /** Which version of the file that declares agents, tools and rules is in force. */
  configuration: Configuration;
  database: Database;
  /** No other process can be working on the same records. */
  exclusive: boolean;
  log: Log;
  /** Metrics and alerts; `GET /metrics` shows them. */
  metrics: Metrics;
  tracing: Tracing;
  now(): EpochMillis;
  /** Since when there are records of a service here: what became of what is older is not known. */
  recordsSince(service: ServiceName): EpochMillis;
  /**
   * Why what began at that time may have been done since, by records of a service that are lost: what its store holds is
   * being recovered, or was after that. null: it is known not to have been.
   */
  setBack(service: ServiceName, began: EpochMillis): SetBack | null;
  /** Before this time there may have been records of a service which were removed by their age. */
  expiredBefore(service: ServiceName): EpochMillis;
  /** What removes these records of a service by their age, once they are written out; nothing, unless the settings say so. */
  expiring<R extends StoredRecord>(service: ServiceName, name: string, records: ExpiredRecords<R>): RetentionPolicy[];
  /** Aborted when the process begins to stop; waits end. */
  stopping: AbortSignal;
}

/** A service, ready to be composed with others in one process or to be alone in it. */
export interface Service {
  name: ServiceName;
  /** Controllers for HTTP and for the bus. */
  module: DynamicModule;
  /** Takes the messages of its topics as they are, in place of methods for events. */
  handle?: Handler;
  /** What it needs to be ready, besides the store, the log and its consumer group. */
  checks?: readonly ReadinessCheck[];
  /** What it purges, and after which TTL. */
  retention?: readonly RetentionPolicy[];
  /** Adds what is not a controller to the HTTP server, such as files or a proxy; no guard stands before it. */
  edge?(server: FastifyInstance): Promise<void>;
  /** The records that it owns; without any, its store is new or was emptied. */
  records?: Pick<Store<StoredRecord>, 'find'>;
  /** Whether it may begin while what holds is being recovered; unless it says otherwise it may. */
  mayRecover?: boolean;
  /** Reads and opens what it needs, and changes nothing. */
  start(): Promise<void>;
  /** Begins to work, once it is known that its store belongs to the log. */
  begin?(): Promise<void>;
  /** Reads again what may change while it runs: keys in files. What cannot be read is left as it was. */
  reread?(): Promise<void>;
  /** Puts the file in force, for whoever runs the process and may not ask over HTTP. */
  activate?(): Promise<void>;
  /** Takes nothing more, waits for work under way (at most `grace` milliseconds), publishes what it committed. */
  stop(graceMs: Millis): Promise<void>;
}

export interface Serving {
  url: string;
  /** For people: what it works on, by name. */
  description: Record<string, string>;
  /** For people: what to try next. */
  hint?: string;
  /** Who may do what here, for the program that makes the first key. */
  auth: Auth;
  log: Log;
  /** Reads the configuration and the keys again, as on SIGHUP. */
  reread(): Promise<void>;
  /** Drains and leaves; resolves when nothing is left to do. */
  stop(): Promise<void>;
}
