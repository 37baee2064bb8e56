import { seesOnlyOwn, type Principal } from '@countersign/auth';
import { catalogue, eventNames } from '@countersign/contracts';
import { redactApproval, type Approval } from '@countersign/contracts/approvals';
import type { Bus, Subscription } from '@countersign/messaging';
import { recordOf, type Store } from '@countersign/persistence';
import type { ServerSentEvent } from '@countersign/service';
import { setTimeout as delay } from 'node:timers/promises';
import { joinedOnce } from '../decisions/joined-once.js';

const topics = eventNames.filter((name) => name.startsWith('approval.') && catalogue[name].from === 'approval-service');
/** How long one who listens waits before it looks whether the connection still holds. */
const patienceMs = 1_000;
const pageSize = 500;

/**
 * Shows approvals as they change, whichever instance changes them. Each event is an approval as it is then, or that it was removed, so one that
 * comes twice does no harm; its id is when it changed, in seconds.
 */
export class ApprovalFeed {
  readonly #listeners = new Set<(approvalId: string) => void>();
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
        if (subject.startsWith('approvals/'))
          this.#listeners.forEach((hear) => hear(recordOf('approvals', { subject })));
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
   * @yields undefined from time to time while nothing happens.
   */
  async *events(who: Principal, after?: number): AsyncGenerator<ServerSentEvent | undefined, void> {
    const changed = new Set<string>();
    let wake = () => {};
    const hear = (id: string) => {
      changed.add(id);
      wake();
    };
    this.#listeners.add(hear);
    try {
      if (after !== undefined) yield* this.#since(after, who);
      while (!this.stopping.aborted) {
        for (const id of changed) {
          changed.delete(id);
          yield eventOf(await this.store.get(id), who);
        }
        yield undefined;
        const { promise: woken, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        if (changed.size === 0) await Promise.race([woken, delay(patienceMs, undefined, { ref: false })]);
      }
    } finally {
      this.#listeners.delete(hear);
    }
  }

  async *#since(after: number, who: Principal): AsyncGenerator<ServerSentEvent | undefined, void> {
    for (let skip = 0; ; skip += pageSize) {
      const page = await this.store.find({
        filter: { updated_at: { gte: after } },
        sort: [['updated_at', 'asc']],
        limit: pageSize,
        skip,
      });
      for (const approval of page) yield eventOf(approval, who);
      if (page.length < pageSize) return;
    }
  }
}

/** What the principal may not see is left out, and of one that was removed no more than that is sent. */
function eventOf(approval: Approval | undefined, who: Principal): ServerSentEvent | undefined {
  if (!approval || (seesOnlyOwn(who) && approval.user_id !== who.subject)) return undefined;
  if (approval.deleted_at !== null)
    return { id: String(approval.updated_at), event: 'removed', data: { id: approval.id } };
  return { id: String(approval.updated_at), event: 'approval', data: redactApproval(approval) };
}
