import type { Log } from '@countersign/contracts';
import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { type Millis, after, systemClock, type EpochMillis } from '@countersign/contracts/time';
import type { Message } from '../bus.js';
import { KafkaError, type KafkaClient, type ProducerSession } from './kafka-client.js';
import { Outage, retry } from '../delivery/retry.js';
import { withTimeout } from '../delivery/with-timeout.js';

const maxMessages = 500;
/** Kafka's limit of 1 MiB is per partition and request, so that a request of this size is never too large. */
const maxBytes = 768 * 1024;
const overheadBytes = 100;
const closeWithinMs = 5_000;

/** One call of publish: settled when all its messages are in the log, when one never can be, or at its deadline. */
interface Publication {
  left: number;
  deadline: EpochMillis;
  finished: boolean;
  done(): void;
  fail(error: Error): void;
}

interface Item {
  message: Message;
  bytes: number;
  publication: Publication;
  /** Sent in a request of its own, to find out which message of a refused request is the bad one. */
  alone: boolean;
}

interface Options {
  client: KafkaClient;
  log: Log;
  publishTimeoutMs: Millis;
  /** Resolves when the topics exist. */
  ready: Promise<void>;
}

/**
 * Publishes in order with one request in flight, and sends what came in meanwhile as the next one.
 *
 * An idempotent producer numbers its messages so that the broker drops what it already has. After a request that failed
 * those sequence numbers are in doubt, and a wrong one would make the broker drop a new message. So the session is then
 * replaced by a fresh one, whose numbers start anew; what was in the request may come twice, and nothing is lost.
 */
export class KafkaProducer {
  readonly #options: Options;
  readonly #outage: Outage;
  readonly #closing = new AbortController();
  #queue: Item[] = [];
  #publications = new Set<Publication>();
  #pump: Promise<void> | undefined;
  #session: ProducerSession | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#outage = new Outage(options.log, 'publishing to Kafka');
  }

  /** @throws RetryableError when it is not confirmed in time, TerminalError when the broker will never take it */
  async publish(messages: readonly Message[]): Promise<void> {
    if (this.#closing.signal.aborted) throw new RetryableError('the bus is closed');
    if (messages.length === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const publication = this.#publication(messages.length, resolve, reject);
    for (const message of messages) this.#queue.push({ message, bytes: sizeOf(message), publication, alone: false });
    this.#wake();
    return promise;
  }

  /** Finishes the request in flight and fails what has not been sent. */
  async close(): Promise<void> {
    this.#closing.abort(new RetryableError('the bus is closed'));
    if (this.#pump) await withTimeout(closeWithinMs, 'the last request', this.#pump).catch(() => {});
    for (const publication of this.#publications) publication.fail(new RetryableError('the bus is closed'));
    if (this.#session) await end(this.#session);
  }

  #publication(left: number, resolve: () => void, reject: (error: Error) => void): Publication {
    const { publishTimeoutMs: timeout } = this.#options;
    const finish = (how: () => void) => {
      if (publication.finished) return;
      publication.finished = true;
      clearTimeout(timer);
      this.#publications.delete(publication);
      how();
    };
    const publication: Publication = {
      left,
      deadline: after(systemClock(), timeout),
      finished: false,
      done: () => finish(resolve),
      fail: (error) => finish(() => reject(error)),
    };
    const timer = setTimeout(() => publication.fail(new RetryableError(`not confirmed within ${timeout} ms`)), timeout);
    this.#publications.add(publication);
    return publication;
  }

  #wake(): void {
    if (this.#pump || this.#queue.length === 0 || this.#closing.signal.aborted) return;
    this.#pump = this.#sendAll().finally(() => {
      this.#pump = undefined;
      this.#wake();
    });
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#queue.length > 0 && !signal.aborted) {
      // A request that fails is tried again with whatever is then first in the queue, so that order is kept.
      await retry(() => this.#sendNext(), { outage: this.#outage, signal }).catch(() => {});
    }
  }

  async #sendNext(): Promise<void> {
    const session = await this.#connected();
    const items = this.#take();
    if (items.length === 0) return;
    try {
      const deadline = Math.max(...items.map(({ publication }) => publication.deadline));
      await withTimeout(deadline - Date.now(), 'a request', session.send(items.map(({ message }) => message)));
    } catch (error) {
      this.#session = undefined;
      void end(session);
      this.#failed(items, error as Error);
      return;
    }
    for (const { publication } of items) if (--publication.left === 0) publication.done();
  }

  /** Puts the items back, in order, or fails the one that can never be sent. */
  #failed(items: readonly Item[], error: Error): void {
    const refused = error instanceof KafkaError && error.kind === 'refused';
    const [only] = items;
    if (refused && only && items.length === 1) {
      only.publication.fail(
        new TerminalError('not_publishable', `Kafka refuses the message: ${error.message}`, { cause: error }),
      );
      return;
    }
    this.#queue = [...items.map((item) => ({ ...item, alone: refused })), ...this.#queue];
    if (!refused) throw new RetryableError(`cannot publish: ${error.message}`, { cause: error });
  }

  /** The next request: in order, without what has timed out. */
  #take(): Item[] {
    const items: Item[] = [];
    let bytes = 0;
    let read = 0;
    for (const item of this.#queue) {
      if (!item.publication.finished) {
        const full = items.length === maxMessages || bytes + item.bytes > maxBytes;
        if (items.length > 0 && (full || item.alone || items[0]!.alone)) break;
        items.push(item);
        bytes += item.bytes;
      }
      read++;
    }
    this.#queue.splice(0, read);
    return items;
  }

  async #connected(): Promise<ProducerSession> {
    if (this.#session) return this.#session;
    await this.#options.ready;
    const session = this.#options.client.producer();
    try {
      await session.connect();
    } catch (error) {
      void end(session);
      throw new RetryableError(`cannot reach Kafka: ${(error as Error).message}`, { cause: error });
    }
    return (this.#session = session);
  }
}

const end = (session: ProducerSession): Promise<void> =>
  withTimeout(closeWithinMs, 'disconnecting', session.close()).catch(() => {});

function sizeOf({ key, headers, value }: Message): number {
  let bytes = overheadBytes + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) bytes += name.length + headers[name]!.length + 4;
  return bytes;
}
