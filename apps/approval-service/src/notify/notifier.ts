import type { Log } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeDelivery, NoticeKind } from '@countersign/contracts/deliveries';
import type { Clock, EpochSeconds, Millis } from '@countersign/contracts/time';
import { Claims, retryUntilStored, type CommandHandler, type Permit, type WorkPool } from '@countersign/persistence';
import { wants, type Channel } from '@countersign/definitions';
import { deliveryId } from './deliveries/delivery-record.js';
import type { DeliveryMessage } from './deliveries/delivery.js';
import { digestOf, whenInDigest } from './digest/digest.js';
import { whenToNotify } from './quiet-hours.js';
import { failedForGood, failedForNow, problemOf, type Sender, type SendOutcome } from './sender.js';

export interface NotifierOptions {
  deliveries: CommandHandler<NoticeDelivery, DeliveryMessage>;
  /** Asked late, since the pool in turn asks the notifier to attend to due deliveries. */
  pool(): WorkPool<NoticeDelivery>;
  channels: readonly Channel[];
  /** By the names of their channels. */
  senders: ReadonlyMap<string, Sender>;
  /** An approval as it is now. */
  approvals(id: string): Promise<Approval | undefined>;
  /** How long an attempt may take, before it is another's; half of it is left to record the outcome. */
  leaseMs?: Millis;
  now: Clock;
  log: Log;
}

/** More than any approval has with one channel. */
const allOfThem = 1_000;

/** Notifies channels of approvals. It only stores deliveries; the pool sends them. */
export class Notifier {
  readonly #options: NotifierOptions & { leaseMs: Millis };
  readonly #claims: Claims;

  constructor(options: NotifierOptions) {
    this.#options = { leaseMs: 60_000, ...options };
    this.#claims = new Claims(this.#options.leaseMs);
  }

  /** Notifies these channels from now on. */
  use(options: Pick<NotifierOptions, 'channels' | 'senders'>): void {
    Object.assign(this.#options, options);
  }

  /** Whether any channel is notified of such a thing. */
  wants(kind: NoticeKind): boolean {
    return this.#options.channels.some((channel) => wants(channel, kind));
  }

  /** Stores the deliveries for the channels that subscribe. Idempotent. @param n which of its kind. */
  async notify(approval: Approval, kind: NoticeKind, n = 1): Promise<void> {
    const { channels, pool } = this.#options;
    const wanted = channels.filter((channel) => wants(channel, kind, approval.agent_id));
    const stored = await Promise.all(wanted.map((channel) => this.#store(channel, approval, kind, n)));
    if (stored.flat().some(({ kind }) => kind === 'changed')) pool().notifyDue();
  }

  async #store(channel: Channel, approval: Approval, kind: NoticeKind, n: number) {
    const { deliveries, now, senders } = this.#options;
    const { name } = channel;
    const recipients = (await senders.get(name)?.recipients?.(approval, kind)) ?? [null];
    const at = now();
    const quiet = whenToNotify(channel, kind, approval, at);
    return Promise.all(
      recipients.map(async (recipient) => {
        const told = (since: EpochSeconds) =>
          deliveries.store.count({ channel: name, recipient, created_at: { gte: since } });
        const digest = await whenInDigest(channel, kind, approval, { now: at, quiet, told });
        const when = { not_before: digest ?? quiet, in_digest: digest !== null };
        const created: DeliveryMessage = { type: 'created', approval, channel: name, kind, n, recipient, ...when };
        return deliveries.execute(deliveryId(approval.id, name, kind, n, recipient), created, { creates: true });
      }),
    );
  }

  /** Sees to a delivery that is due: claims it, and sends it unless another was faster. */
  async onDue(delivery: NoticeDelivery, permit: Permit): Promise<void> {
    await this.#claims.claim(
      permit,
      (claim) => this.#options.deliveries.execute(delivery.id, claim, { known: delivery }),
      (claimed, worker) => this.#work(claimed, worker),
    );
  }

  async #work(delivery: NoticeDelivery, worker: string): Promise<void> {
    const { deliveries, log } = this.#options;
    const about = { delivery_id: delivery.id, approval_id: delivery.approval_id, channel: delivery.channel };
    const outcome = await this.#send(delivery);
    if (outcome.type === 'failed_for_good' || (outcome.type === 'failed_for_now' && !outcome.waits))
      log.warn({ ...about, outcome }, 'a notification was not delivered');
    const report: DeliveryMessage = { ...outcome, worker };
    const handled = await retryUntilStored(() => deliveries.execute(delivery.id, report, { known: delivery }), log);
    if (handled.kind !== 'changed') log.warn({ ...about, outcome, reason: handled.reason }, 'late outcome ignored');
  }

  async #send(delivery: NoticeDelivery): Promise<SendOutcome> {
    const { approvals, deliveries, leaseMs, senders } = this.#options;
    const { approval_id, channel, kind } = delivery;
    try {
      const sender = senders.get(channel);
      if (!sender) return failedForGood(`there is no channel "${channel}" any more`);
      const signal = AbortSignal.timeout(leaseMs / 2);
      if (delivery.in_digest && sender.sendDigest) {
        const digest = await digestOf(delivery, { deliveries: deliveries.store, approvals });
        if (digest !== 'alone')
          return await (Array.isArray(digest) ? sender.sendDigest({ delivery, approvals: digest }, signal) : digest);
      }
      // Read after the claim: whoever resolves it from now on sees that a message is under way.
      const approval = await approvals(approval_id);
      if (!approval || (!isOfDecided(kind) && approval.status !== 'pending'))
        return { type: 'not_needed', detail: 'not needed any more' };
      const filter = { approval_id, channel };
      const all = () => deliveries.store.find({ filter, sort: [], limit: allOfThem });
      return await sender.send({ delivery, approval, deliveries: all }, signal);
    } catch (error) {
      return failedForNow(problemOf(error));
    }
  }
}

const isOfDecided = (kind: NoticeKind): boolean => kind === 'resolved' || kind === 'break_glass' || kind === 'ended';
