import { principalOf, type BrowserSessions, type Credentials, type Principal } from '@countersign/auth';
import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeKind, SubscribeRequest } from '@countersign/contracts/deliveries';
import { toEpochMillis, type Clock } from '@countersign/contracts/time';
import { insertOnce, newRecord, update, type Store } from '@countersign/persistence';
import type { Delegations } from '../../delegations/delegations.js';
import { concerns } from './audience.js';
import { subscriptionId, type StoredSubscription } from './subscription.js';

/** Browsers of one person. With one more, the oldest goes. */
const mostOfOne = 10;
const pageSize = 200;

export interface SubscriptionsOptions {
  store: Store<StoredSubscription>;
  sessions: Pick<BrowserSessions, 'recorded'>;
  credentials: Pick<Credentials, 'current'>;
  deputies: Pick<Delegations, 'of'>;
  now: Clock;
}

/**
 * The browsers that are told of approvals. One is as long as whoever subscribed may decide and has not signed out; a session
 * that has run its time takes none with it, as long as the key that began it holds: people are asleep by then.
 */
export class Subscriptions {
  constructor(private readonly options: SubscriptionsOptions) {}

  /** @param who by a session of theirs */
  async add({ endpoint, keys }: SubscribeRequest, who: Principal): Promise<StoredSubscription> {
    const { store, now } = this.options;
    const { id: session_id, key_id } = who.credential;
    const id = subscriptionId(endpoint);
    const holder = { subject: who.subject, session_id: session_id!, key_id, session_is_over: false };
    const subscription = { id, endpoint, ...keys, ...holder, ...newRecord(now()), version: 1 };
    if (!(await insertOnce(store, subscription)))
      await update(store, id, now(), (was) => ({ ...was, ...holder, ...keys }));
    const others = (await this.of(who)).filter((each) => each.id !== id);
    await this.#remove(others.slice(mostOfOne - 1));
    return (await store.get(id)) ?? subscription;
  }

  /** Newest first. */
  of({ subject }: Pick<Principal, 'subject'>): Promise<StoredSubscription[]> {
    const sort = [['created_at', 'desc']] as const;
    return this.options.store.find({ filter: { subject }, sort, limit: pageSize });
  }

  async remove(id: string, { subject }: Pick<Principal, 'subject'>): Promise<void> {
    await this.options.store.remove({ id, subject }, 1);
  }

  /** The ids of those that a notice is for. */
  async concernedBy(approval: Approval, kind: NoticeKind): Promise<string[]> {
    const found: string[] = [];
    for await (const page of this.#pages()) {
      const holders = await this.#holders(page);
      const concerned = await Promise.all(page.map((_, n) => this.#concerns(approval, kind, holders[n])));
      found.push(...page.filter((_, n) => concerned[n]).map(({ id }) => id));
    }
    return found;
  }

  /** The subscription, if the notice is still for it. One that does not hold any more is removed. */
  async current(id: string, approval: Approval, kind: NoticeKind): Promise<StoredSubscription | undefined> {
    const subscription = await this.options.store.get(id);
    if (!subscription) return undefined;
    const [holder] = await this.#holders([subscription]);
    if (!holder) await this.#remove([subscription]);
    return (await this.#concerns(approval, kind, holder)) ? subscription : undefined;
  }

  /** The push service says that there is no such browser any more. */
  async gone(subscription: StoredSubscription): Promise<void> {
    await this.#remove([subscription]);
  }

  /** Removes those that do not hold any more. @yields how many went, batch by batch. */
  async *purge(): AsyncGenerator<number, void> {
    for await (const page of this.#pages()) {
      const holders = await this.#holders(page);
      yield await this.#remove(page.filter((_, n) => !holders[n]));
    }
  }

  async #concerns(approval: Approval, kind: NoticeKind, who: Principal | undefined): Promise<boolean> {
    if (!who) return false;
    const standsInFor = approval.terms.deputies.length === 0 ? [] : await this.options.deputies.of(who);
    return concerns(approval, kind, { ...who, standsInFor });
  }

  /** Of each who has it and may decide now; undefined where it does not hold any more, or where that cannot be told. */
  async #holders(subscriptions: readonly StoredSubscription[]): Promise<(Principal | undefined)[]> {
    const { credentials, now, sessions, store } = this.options;
    const found = await sessions.recorded([...new Set(subscriptions.map(({ session_id }) => session_id))]);
    const ways = subscriptions.map(({ session_id, session_is_over }): 'key' | 'session' | null => {
      const session = found.get(session_id);
      if (!session) return session_is_over ? 'key' : null;
      if (session.ended_at !== null) return null;
      return now() < toEpochMillis(session.expires_at) ? 'session' : 'key';
    });
    for (const [n, { id, session_is_over }] of subscriptions.entries())
      if (ways[n] === 'key' && !session_is_over)
        await update(store, id, now(), (was) => ({ ...was, session_is_over: true }));
    const standings = await credentials.current(
      subscriptions.map(({ session_id, key_id }, n) =>
        ways[n] === 'session'
          ? { via: 'session', id: session_id, key_id, expires_at: null }
          : { via: 'key', id: key_id ?? '', key_id: null, expires_at: null },
      ),
    );
    return subscriptions.map(({ subject, key_id }, n) => {
      const identity = standings[n]?.identity;
      const way = ways[n];
      if (!way || !identity || (way === 'key' && key_id === null)) return undefined;
      const who = principalOf(identity, way);
      return who.subject === subject && who.scopes.has('approvals:write') ? who : undefined;
    });
  }

  /** Only as they were seen: a browser may have subscribed anew meanwhile. */
  async #remove(subscriptions: readonly StoredSubscription[]): Promise<number> {
    const removed = await Promise.all(
      subscriptions.map(({ id, session_id }) => this.options.store.remove({ id, session_id }, 1)),
    );
    return removed.reduce((sum, each) => sum + each, 0);
  }

  async *#pages(): AsyncGenerator<StoredSubscription[], void> {
    for (let after = ''; ;) {
      const filter = { id: { gt: after } };
      const page = await this.options.store.find({ filter, sort: [['id', 'asc']], limit: pageSize });
      if (page.length > 0) yield page;
      if (page.length < pageSize) return;
      after = page.at(-1)!.id;
    }
  }
}
