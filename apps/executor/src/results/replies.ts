import type { Execution } from '@countersign/contracts/executions';
import { atMillis } from '@countersign/contracts/time';
import type { Bus, Delivery, Subscription } from '@countersign/messaging';
import { insertOnce, newRecord, type Collection, type Store, type StoredRecord } from '@countersign/persistence';
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A reply of another platform about an execution, as it stands in its topic. */
export interface Reply extends StoredRecord {
  /** Where it is in the log; of one partition, in its order. */
  id: string;
  execution_id: string;
  topic: string;
  /** Which attempt it is about; null: it does not say. */
  attempt: string | null;
  text: string;
}

export const replyCollection: Collection<Reply> = {
  name: 'replies',
  key: 'id',
  indexes: [['execution_id', 'created_at'], ['created_at']],
};

/** Characters of one reply, and how many replies to one execution are read. */
const maxText = 1024 * 1024;
const maxReplies = 1_000;

/**
 * Replies of other platforms, stored before they are acknowledged: whoever waits for one finds it, whichever instance
 * it was delivered to, and after a restart as well.
 */
export class Replies {
  readonly #arrived = new EventEmitter().setMaxListeners(0);

  /** @param everyMs how often to look for what other instances received. */
  constructor(
    private readonly store: Store<Reply>,
    private readonly executions: Pick<Store<Execution>, 'get'>,
    private readonly everyMs = 500,
  ) {}

  /** Keeps what arrives there from now on, and what has arrived since the last time. */
  listen(bus: Bus, topic: string): Subscription {
    return bus.subscribe({ group: `executor-replies.${topic}`, topics: [topic], handle: (reply) => this.#keep(reply) });
  }

  /** The replies about an execution so far, in order. */
  to(execution: Pick<Execution, 'id'>, topic: string): Promise<Reply[]> {
    const filter = { execution_id: execution.id, topic };
    return this.store.find({ filter, sort: [['created_at', 'asc']], limit: maxReplies });
  }

  /** Resolves when it is worth another look. */
  async more(execution: Pick<Execution, 'id'>, signal: AbortSignal): Promise<void> {
    const waking = new AbortController();
    const wake = () => waking.abort();
    this.#arrived.once(execution.id, wake);
    await sleep(this.everyMs, undefined, { signal: AbortSignal.any([signal, waking.signal]) }).catch(() => {});
    this.#arrived.off(execution.id, wake);
  }

  /** What is about no execution here is for another consumer. */
  async #keep({ topic, partition, offset, headers, value, timestamp }: Delivery): Promise<void> {
    const execution_id = headers['correlation-id'];
    if (execution_id === undefined || value === null) return;
    if (!(await this.executions.get(execution_id))) return;
    const id = `${topic}/${partition}/${offset.padStart(20, '0')}`;
    const text = value.toString().slice(0, maxText);
    const attempt = headers['attempt'] ?? null;
    // It may have been delivered before.
    await insertOnce(this.store, { id, execution_id, topic, attempt, text, ...newRecord(atMillis(timestamp)) });
    this.#arrived.emit(execution_id);
  }
}
