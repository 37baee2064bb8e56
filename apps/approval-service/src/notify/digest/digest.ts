import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeDelivery, NoticeKind } from '@countersign/contracts/deliveries';
import { riskOf } from '@countersign/contracts/presentation';
import {
  after,
  atMillis,
  millisOf,
  toEpochMillis,
  toEpochSeconds,
  type EpochMillis,
  type EpochSeconds,
} from '@countersign/contracts/time';
import type { Channel } from '@countersign/definitions';
import type { Store } from '@countersign/persistence';
import { DateTime } from 'luxon';
import { at, quietUntil } from '../quiet-hours.js';
import type { SendOutcome } from '../sender.js';

/** What waits. Whatever else is said is for somebody who waits for it, or of something that is over. */
const mayWait: ReadonlySet<NoticeKind> = new Set(['pending', 'reminder']);
/** Whoever reads a digest has as long to decide. */
const timeToDecideMs = 3_600_000;

interface Moment {
  now: EpochMillis;
  /** When the quiet hours are over that it is in; else the same. */
  quiet: EpochMillis;
  /** How many notices there were since then. */
  told(since: EpochSeconds): Promise<number>;
}

/** When a notice is told with others; null: by itself. */
export async function whenInDigest(
  channel: Channel,
  kind: NoticeKind,
  approval: Pick<Approval, 'expires_at' | 'tool_args' | 'approved_args' | 'presentation' | 'tool_name'>,
  moment: Moment,
): Promise<EpochMillis | null> {
  const digest = 'digest' in channel ? channel.digest : undefined;
  if (!digest || !mayWait.has(kind)) return null;
  // What was requested counts as well as what others made of it.
  const calls = [approval.tool_args, approval.approved_args ?? approval.tool_args];
  if (calls.some((tool_args) => riskOf({ ...approval, tool_args }) === 'critical')) return null;
  const time = 'at' in digest ? nextOf(digest, moment.now) : await endOfMany(digest, moment);
  if (time === null) return null;
  const loud = channel.quiet_hours ? (quietUntil(channel.quiet_hours, time) ?? time) : time;
  const { expires_at } = approval;
  return expires_at !== null && toEpochMillis(expires_at) < after(loud, timeToDecideMs) ? null : loud;
}

/** The first of these times of day that is not before. */
function nextOf(
  { at: times, time_zone }: { at: readonly string[]; time_zone: string },
  from: EpochMillis,
): EpochMillis {
  const today = DateTime.fromMillis(from, { zone: time_zone }).startOf('day');
  const coming = [today, today.plus({ days: 1 })].flatMap((day) => times.map((time) => at(day, time)));
  return coming.toSorted((a, b) => a - b).find((time) => time >= from)!;
}

/** The end of the interval, once there were many in it; what waits for the end of quiet hours is told together then. */
async function endOfMany(
  { every, more_than }: { every: number; more_than: number },
  { now, quiet, told }: Moment,
): Promise<EpochMillis | null> {
  if (quiet > now) return quiet;
  const length = millisOf(every);
  const began = atMillis(now - (now % length));
  return (await told(toEpochSeconds(began))) < more_than ? null : after(began, length);
}

interface Records {
  deliveries: Pick<Store<NoticeDelivery>, 'find'>;
  approvals(id: string): Promise<Approval | undefined>;
}

const mostTogether = 1_000;

/** What becomes of the others: they wait until theirs is sent, and are told one by one where it failed for good. */
function outcomeWith({ id, status }: NoticeDelivery): SendOutcome | 'alone' {
  if (status === 'failed') return 'alone';
  if (status === 'delivered') return { type: 'not_needed', detail: `told with ${id}` };
  return { type: 'failed_for_now', detail: `waits for ${id}, which tells of all`, retry_after_ms: null, waits: true };
}

/**
 * What a delivery that was held for a digest is sent as: the first of those that were held until the same time is for all
 * of them that still wait; one that is the only one left is told by itself.
 */
export async function digestOf(
  { channel, recipient, held_until, id, approval_id }: NoticeDelivery,
  { deliveries, approvals }: Records,
): Promise<SendOutcome | Approval[] | 'alone'> {
  const filter = { channel, recipient, held_until, in_digest: true };
  const all = await deliveries.find({ filter, sort: [['id', 'asc']], limit: mostTogether });
  const [first] = all;
  if (first && first.id !== id) return outcomeWith(first);
  const found = await Promise.all([...new Set(all.map((each) => each.approval_id))].map(approvals));
  const waiting = found.filter((each) => each !== undefined).filter(({ status }) => status === 'pending');
  if (waiting.length === 0) return { type: 'not_needed', detail: 'not needed any more' };
  return waiting.length === 1 && waiting[0]!.id === approval_id ? 'alone' : waiting;
}
