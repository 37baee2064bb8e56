import { seesOnlyOwn, type Principal } from '@countersign/auth';
import { catalogue, eventNames } from '@countersign/contracts';
import { redactApproval, type Approval } from '@countersign/contracts/approvals';
import type { Bus, Subscription } from '@countersign/messaging';
import { recordOf, type Store } from '@countersign/persistence';
import { SharedReads, type ServerSentEvent } from '@countersign/service';
import { setTimeout as delay } from 'node:timers/promises';
import { joinedOnce } from '../decisions/joined-once.js';

const topics = eventNames.filter((name) => name.startsWith('approval.') && catalogue[name].from === 'approval-service');
/** How long one who listens waits before it looks whether the connection still holds. */
const patienceMs = 1_000;
const pageSize = 50;
/** Changed approvals that wait for one reader; one who has more to take resumes. */
const mostWaiting = 1_000;
/** Approvals as they are shown, cached for the readers of the next change. */
const shownKept = 100;

/**
 * Shows approvals as they change, whichever instance changes them. Each event is an approval as it is then, or that it was removed, so one that
 * comes twice does no harm; its id is when it changed, in seconds.
 */
export class ApprovalFeed {
  readonly #listeners = new Set<(approvalId: string) => void>();
  /** One read for all listeners of a change. */
  readonly #shown = new SharedReads<string, Promise<Shown | undefined>>(shownKept);
  #tail: Subscription | undefined;

  constructor(
    private readonly store: Store<Approval>,
    private readonly stopping: AbortSignal,
  ) {}

  tail(bus: Bus): void {
    this.#tail = bus.tail({
      topics,
      handle: ({ headers }) => {
        const subject = headers['ce_subject'] ?? '';
        if (!subject.startsWith('approvals/')) return;
        const id = recordOf('approvals', { subject });
        this.#shown.forget(id);
        for (const hear of this.#listeners) hear(id);
      },
    });
  }

  async stop(): Promise<void> {
    await this.#tail?.close();
  }

  /** @throws until it hears of anything */
  readonly check = joinedOnce(() => this.#tail);

  /**
   * @param after the id of the last event that was seen: what has changed since comes first. Undefined: from now on.
   * @yields undefined from time to time while nothing happens. Ends when more changes than its reader takes.
   */
  async *events(who: Principal, after?: number): AsyncGenerator<ServerSentEvent | undefined, void> {
    const changed = new Set<string>();
    let isOver = false;
    let wake = () => {};
    const hear = (id: string) => {
      if (isOver) return;
      changed.add(id);
      isOver = changed.size > mostWaiting;
      if (isOver) changed.clear();
      wake();
    };
    this.#listeners.add(hear);
    try {
      if (after !== undefined) yield* this.#since(after, who);
      while (!this.stopping.aborted && !isOver) {
        for (const id of changed) {
          changed.delete(id);
          yield eventOf(await this.#shown.get(id, () => this.#read(id)), who);
        }
        yield undefined;
        const { promise: woken, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        if (changed.size === 0 && !isOver) await Promise.race([woken, delay(patienceMs, undefined, { ref: false })]);
      }
    } finally {
      this.#listeners.delete(hear);
    }
  }

  async *#since(after: number, who: Principal): AsyncGenerator<ServerSentEvent | undefined, void> {
    for (let [from, skip] = [after, 0]; ;) {
      const filter = { updated_at: { gte: from } };
      const page = await this.store.find({ filter, sort: [['updated_at', 'asc']], limit: pageSize, skip });
      for (const approval of page) yield eventOf(shownOf(approval), who);
      if (page.length < pageSize) return;
      const { updated_at } = page.at(-1)!;
      const ofThatSecond = page.filter((each) => each.updated_at === updated_at).length;
      skip = ofThatSecond + (updated_at === from ? skip : 0);
      from = updated_at;
    }
  }

  /** One that cannot be read now is read by whoever comes next. */
  #read(id: string): Promise<Shown | undefined> {
    const reading = this.store.get(id).then((approval) => approval && shownOf(approval));
    reading.catch(() => this.#shown.forget(id));
    return reading;
  }
}

interface Shown {
  owner: string | null;
  event: ServerSentEvent;
}

/** Of one that was removed no more than that is sent. */
function shownOf({ user_id: owner, ...approval }: Approval): Shown {
  const { id, deleted_at, updated_at } = approval;
  if (deleted_at !== null) return { owner, event: { id: String(updated_at), event: 'removed', data: { id } } };
  const data = redactApproval({ ...approval, user_id: owner });
  return { owner, event: { id: String(updated_at), event: 'approval', data } };
}

/** What the principal may not see is left out. */
const eventOf = (shown: Shown | undefined, who: Principal): ServerSentEvent | undefined =>
  !shown || (seesOnlyOwn(who) && shown.owner !== who.subject) ? undefined : shown.event;
