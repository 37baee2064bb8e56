import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeKind } from '@countersign/contracts/deliveries';
import { atMillis, toEpochMillis, type EpochMillis } from '@countersign/contracts/time';
import type { Channel } from '@countersign/definitions';
import type { ChangeWindow } from '@countersign/definitions/execute';
import { DateTime } from 'luxon';

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** What somebody is woken for: an alarm, and what nobody else has decided in time. */
const urgent: ReadonlySet<NoticeKind> = new Set(['break_glass', 'escalation']);

/** When to notify a channel: now, or when its quiet hours are over, unless that is too late to decide. */
export function whenToNotify(
  channel: Channel,
  kind: NoticeKind,
  { expires_at }: Pick<Approval, 'expires_at'>,
  now: EpochMillis,
): EpochMillis {
  const isChange = kind === 'resolved' && ('slack' in channel || 'pagerduty' in channel);
  if (!channel.quiet_hours || urgent.has(kind) || isChange) return now;
  const end = quietUntil(channel.quiet_hours, now);
  return end === null || (expires_at !== null && toEpochMillis(expires_at) <= end) ? now : end;
}

/** When the quiet hours are over that it is in; null: it is in none. By the clock on the wall of their zone. */
export function quietUntil(
  { days: named, from, until, time_zone }: ChangeWindow,
  now: EpochMillis,
): EpochMillis | null {
  const today = DateTime.fromMillis(now, { zone: time_zone }).startOf('day');
  // Yesterday's may go past midnight.
  for (const start of [today.minus({ days: 1 }), today]) {
    if (!named.includes(days[start.weekday - 1]!)) continue;
    const end = at(until > from ? start : start.plus({ days: 1 }), until);
    if (at(start, from) <= now && now < end) return end;
  }
  return null;
}

/** That time of a day, by the clock on the wall. */
export function at(day: DateTime, time: string): EpochMillis {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return atMillis((hour === 24 ? day.plus({ days: 1 }) : day.set({ hour, minute })).toMillis());
}
