import { jitteredBackoffMs } from '@countersign/contracts/time';
import { RetryableError } from '@countersign/contracts/problems';
import type { Collection as Documents, CreateIndexesOptions } from 'mongodb';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { indexOrder } from '../query.js';
import type { AppendLogDefinition } from '../append-log/append-log.js';
import type { Collection } from '../store.js';
import { codeOf, reasonOf } from './attempt.js';
import type { Connection, ConnectionOptions } from './connection.js';
import type { Document } from './documents.js';
import { markFormerOutboxes } from './former-outboxes.js';
import type { LogDocument } from './append-log/mongodb-append-log.js';
import { sortKeys } from './mongodb-store.js';

interface Index {
  /** For people: the fields that it is declared with. */
  fields: readonly string[];
  key: [field: string, direction: 1 | -1][];
  /** Only these are in it. */
  partial?: object;
}

const indexOf = (key: string, fields: readonly string[]): Index => ({
  fields,
  key: sortKeys(key, indexOrder(key, fields)),
});

/** The records whose outbox is not empty. */
const pending: Index = {
  fields: ['outbox_since'],
  key: [['outbox_since', 1]],
  partial: { outbox_since: { $gt: 0 } },
};

/** An equal one is there under another name, or one of the same key that is for something else. */
const optionsConflict = 85;
const connecting = { first_ms: 1_000, longest_ms: 30_000 };
/** An operator mends what a server refuses. */
const refused = { first_ms: 30_000, longest_ms: 300_000 };

/**
 * Sees to the indexes of collections, one by one: lists work without, only slower, so nothing waits for them. A build may
 * take hours, and has no socket time-out.
 */
export class Indexes {
  readonly #missing = new Map<string, Set<Index>>();

  constructor(
    private readonly connection: Connection,
    private readonly log: ConnectionOptions['log'],
    private readonly slowMs: number,
  ) {}

  /** Collections of which an index is not there yet. */
  get missing(): string[] {
    return [...this.#missing].flatMap(([name, indexes]) => (indexes.size > 0 ? [name] : []));
  }

  async create(documents: Documents<Document>, { name, key, indexes }: Collection<never>): Promise<void> {
    await this.#createAll(documents, name, [...indexes.map((fields) => indexOf(key, fields)), pending]);
    await this.connection
      .attempt(() => markFormerOutboxes(documents))
      .catch((error: unknown) => {
        if (!this.connection.closing.aborted)
          this.log.warn({ err: error, collection: name }, 'outbox entries of former versions are not swept');
      });
  }

  /** Those of an append-only log, which has no outbox. */
  createFor(documents: Documents<LogDocument>, { name, indexes }: AppendLogDefinition<never>): Promise<void> {
    const declared = indexes.map((fields) => indexOf('position', fields));
    return this.#createAll(documents as unknown as Documents<Document>, name, declared);
  }

  async #createAll(documents: Documents<Document>, name: string, indexes: readonly Index[]): Promise<void> {
    const missing = new Set(indexes);
    this.#missing.set(name, missing);
    await this.connection.connected;
    for (const index of missing) {
      if (await this.#isMade(documents, index)) missing.delete(index);
      else void this.#insist(documents, index).then(() => missing.delete(index));
    }
  }

  /** @returns false when the server refuses it; keeps trying while the server is out of reach. */
  async #isMade(documents: Documents<Document>, index: Index, isKnown = false): Promise<boolean> {
    for (let retries = 0; !this.connection.closing.aborted; retries++) {
      const slow = setTimeout(
        () => this.#say('info', documents, index, 'an index is under way; lists are slow'),
        this.slowMs,
      );
      try {
        await this.connection.attempt(() => this.#make(documents, index));
        return true;
      } catch (error) {
        const cause = (error as Error).cause ?? error;
        const code = codeOf(cause);
        if (typeof code !== 'number' && error instanceof RetryableError) {
          await this.#pause(jitteredBackoffMs(connecting, retries));
          continue;
        }
        if (!isKnown) this.#say('warn', documents, index, `an index cannot be made: ${reasonOf(cause)}`, code);
        return false;
      } finally {
        clearTimeout(slow);
      }
    }
    return false;
  }

  async #make(documents: Documents<Document>, { key, partial }: Index): Promise<void> {
    const options = {
      ...(partial && { partialFilterExpression: partial }),
      socketTimeoutMS: 0,
    } as CreateIndexesOptions;
    try {
      await documents.createIndex(new Map(key), options);
    } catch (error) {
      if (codeOf(error) !== optionsConflict) throw error;
      const there = await documents.listIndexes().toArray();
      if (!there.some((each) => isEqual(each, key, partial))) throw error;
    }
  }

  async #insist(documents: Documents<Document>, index: Index): Promise<void> {
    for (let retries = 0; !this.connection.closing.aborted; retries++) {
      await this.#pause(jitteredBackoffMs(refused, retries));
      if (await this.#isMade(documents, index, true)) return;
    }
  }

  #say(
    level: 'info' | 'warn',
    { collectionName }: Documents<Document>,
    { fields }: Index,
    message: string,
    code?: unknown,
  ) {
    this.log[level]({ collection: collectionName, index: fields, ...(code !== undefined && { code }) }, message);
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.connection.closing, ref: false }).catch(() => {});
  }
}

/** Whether an index that is there holds the same records in the same order, and refuses none. */
function isEqual(there: Record<string, unknown>, key: Index['key'], partial: object | undefined): boolean {
  const { unique = false, sparse = false, partialFilterExpression } = there;
  return (
    unique === false &&
    sparse === false &&
    isDeepStrictEqual(Object.entries(there['key'] as object), key) &&
    isDeepStrictEqual(partialFilterExpression, partial)
  );
}
