import { jitteredBackoffMs } from '@countersign/contracts/time';
import type { Log } from '@countersign/contracts';
import { MongoClient, type Db } from 'mongodb';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, reasonOf, storeError } from './attempt.js';
import { clientOptions, pinned } from './client-options.js';
import { failCommandsOfClosedConnections } from './closed-connections.js';
import { databaseIn } from './uri.js';

failCommandsOfClosedConnections();

export interface ConnectionOptions {
  uri: string;
  /** Default: the one that the URI names. */
  dbName?: string;
  log: Pick<Log, 'info' | 'warn'>;
}

/** One client of the driver, which connects, and reconnects, by itself. */
export class Connection {
  readonly db: Db;
  readonly #client: MongoClient;
  readonly #log: ConnectionOptions['log'];
  readonly #closing = new AbortController();
  readonly #connected = Promise.withResolvers<void>();
  #isConnected = false;
  /** The first connection: the attempt under way, or the last one that failed. */
  #trying!: Promise<unknown>;

  constructor({ uri, dbName = databaseIn(uri), log }: ConnectionOptions) {
    this.#client = new MongoClient(uri, clientOptions(uri));
    this.db = this.#client.db(dbName, pinned);
    this.#log = log;
    void this.#connect();
  }

  /** Resolves once there was a connection. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#client.close();
  }

  /** Until there was a connection, whatever is asked fails for the reason that there is none. */
  attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      if (!this.#isConnected) await this.#trying;
      return await work();
    } catch (error) {
      throw storeError(error);
    }
  };

  /**
   * The driver reconnects by itself once it was connected, but a first attempt that fails leaves it closed for good;
   * see `autoConnect` in the driver, which tries only while there is no topology.
   */
  async #connect(): Promise<void> {
    let said: unknown;
    for (let retries = 0; !this.closing.aborted; retries++) {
      try {
        await (this.#trying = this.#client.connect());
        this.#isConnected = true;
        this.#connected.resolve();
        return;
      } catch (error) {
        if (this.closing.aborted) return;
        const code = codeOf(error) ?? (error as Error).name;
        if (code !== said)
          this.#log.warn({ err: error, code }, `cannot connect to MongoDB, retrying: ${reasonOf(error)}`);
        said = code;
        await delay(jitteredBackoffMs(backoff, retries), undefined, { signal: this.closing, ref: false }).catch(
          () => {},
        );
      }
    }
  }
}

const backoff = { first_ms: 500, longest_ms: 2_000 };
