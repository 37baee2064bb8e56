import type { Log } from '@countersign/contracts';
import type { Delivery, Subscription } from '../bus.js';
import type { SqliteLog } from './log.js';
import { SqliteMember } from './member.js';
import type { Deliver } from '../delivery/delivery.js';
import { OrderedDelivery } from '../delivery/ordered-delivery.js';
import { Watermark } from '../delivery/watermark.js';

const readAtOnce = 128;
/** Taken but not yet handled; more stay in the file. */
const maxWaiting = 512;
/** Handled but behind something that is not: what a crash would deliver again. */
const maxAhead = 4_096;
const storeEveryMs = 100;

/** How far the group is in one topic. */
interface Progress {
  /** What lies at or before this offset was handled earlier. */
  from: number;
  stored: number;
  mark: Watermark;
}

/** The members of one group and their messages in flight, from the first member's join to the last one's leave. */
export class SqliteGroup {
  /** The topics that members have named. */
  readonly named = new Set<string>();
  readonly #name: string;
  readonly #table: SqliteLog;
  readonly #log: Log;
  readonly #predecessor: Promise<void>;
  readonly #members: SqliteMember[] = [];
  readonly #handlers = new OrderedDelivery();
  readonly #topics = new Map<string, Progress>();
  #turn = 0;
  /** Everything up to here was taken from the log. */
  #cursor = 0;
  /** Whether the log may have more than was taken. If not, what is published is taken without reading it again. */
  #behind = true;
  #timer: NodeJS.Timeout | undefined;
  #over: Promise<void> | undefined;

  /** Begins when the predecessor is over, so that no message is in flight twice. */
  constructor(name: string, table: SqliteLog, log: Log, predecessor: Promise<void> = Promise.resolve()) {
    this.#name = name;
    this.#table = table;
    this.#log = log;
    this.#predecessor = predecessor;
  }

  /** Set when the last member leaves; resolves when its handlers are done and its positions stored. */
  get over(): Promise<void> | undefined {
    return this.#over;
  }

  join(topics: readonly string[], deliver: Deliver): Subscription {
    const member = new SqliteMember(deliver, () => this.#leave(member));
    this.#members.push(member);
    for (const topic of topics) this.named.add(topic);
    void this.#predecessor.then(() => this.#extend(topics));
    return member;
  }

  /** Takes what was just appended, unless there is something older to take first. */
  offer(deliveries: readonly Delivery[]): void {
    if (this.#behind) this.#pump();
    else if (this.#hasRoom()) for (const delivery of deliveries) this.#take(delivery);
    else this.#behind = true;
  }

  /** Up to where a topic is handled; undefined: it is not one of the group's. */
  handled(topic: string): number | undefined {
    const progress = this.#topics.get(topic);
    if (!progress) return undefined;
    const { pending } = progress.mark;
    return pending === undefined ? Math.max(this.#cursor, progress.from) : pending - 1;
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
    await this.#over;
  }

  #leave(member: SqliteMember): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    const left = member.idle().then(() => this.#store());
    if (this.#members.length === 0) this.#over = left;
    return left;
  }

  /** A topic is read from where the group left it, or from its beginning; the others go on from where they are. */
  #extend(topics: readonly string[]): void {
    const added = topics.filter((topic) => !this.#topics.has(topic));
    if (added.length === 0) return;
    for (const progress of this.#topics.values()) progress.from = this.#cursor;
    for (const topic of added) {
      const from = this.#table.position(this.#name, topic);
      this.#topics.set(topic, { from, stored: from, mark: new Watermark() });
    }
    this.#cursor = Math.min(...[...this.#topics.values()].map(({ from }) => from));
    this.#behind = true;
    this.#pump();
  }

  #pump(): void {
    try {
      while (this.#behind && this.#hasRoom()) {
        const deliveries = this.#table.read([...this.#topics.keys()], this.#cursor, readAtOnce);
        for (const delivery of deliveries) this.#take(delivery);
        this.#behind = deliveries.length === readAtOnce;
      }
    } catch (error) {
      this.#log.error({ err: error, group: this.#name }, 'cannot read the log; retrying with the next publish');
    }
  }

  #hasRoom(): boolean {
    if (this.#members.length === 0 || this.#handlers.size >= maxWaiting) return false;
    for (const { mark } of this.#topics.values()) if (mark.size >= maxAhead) return false;
    return true;
  }

  #take(delivery: Delivery): void {
    const offset = Number(delivery.offset);
    if (offset <= this.#cursor) return;
    this.#cursor = offset;
    const progress = this.#topics.get(delivery.topic);
    if (!progress || offset <= progress.from) return;
    this.#handlers.take(delivery, progress.mark, async (acknowledge) => {
      await this.#deliver(delivery, acknowledge);
      this.#timer ??= setTimeout(() => void this.#store(), storeEveryMs).unref();
      if (this.#behind) this.#pump();
    });
  }

  /** Members take turns. What one hands back because it leaves goes to another, or stays unhandled if there is none. */
  async #deliver(delivery: Delivery, acknowledge: () => void): Promise<void> {
    for (;;) {
      const member = this.#members[this.#turn++ % this.#members.length];
      if (!member || (await member.deliver(delivery, acknowledge))) return;
    }
  }

  /** Late by design: what a crash forgets is delivered again. */
  async #store(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const changed = new Map<string, number>();
    for (const [topic, progress] of this.#topics) {
      const position = this.handled(topic)!;
      if (position > progress.stored) changed.set(topic, (progress.stored = position));
    }
    if (changed.size === 0) return;
    try {
      await this.#table.store(this.#name, changed);
    } catch (error) {
      this.#log.warn({ err: error, group: this.#name }, 'offsets not committed; messages may be redelivered');
    }
  }
}
