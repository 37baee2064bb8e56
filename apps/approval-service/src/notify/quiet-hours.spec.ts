import { atMillis, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { NoticeKind } from '@countersign/contracts/deliveries';
import { expect, it } from 'vitest';
import { approvalWith, channelOf } from '../../test/notify.fixtures.js';
import { whenToNotify } from './quiet-hours.js';

const at = (time: string): EpochMillis => atMillis(Date.parse(time));
const email = { smtp_url: 'smtps://mail.example', from: 'cs@example.com', to: ['ada@example.com'] };
const berlin = { from: '22:00', until: '07:00', time_zone: 'Europe/Berlin' };
const quiet = (quiet_hours: object = berlin, kind: object = { email }) =>
  channelOf({ name: 'ops', quiet_hours, ...kind });
const waiting = approvalWith({ expires_at: null });
const when = (time: string, kind: NoticeKind = 'pending', channel = quiet(), approval = waiting) =>
  new Date(whenToNotify(channel, kind, approval, at(time))).toISOString();

it.each([
  ['by day', '2026-09-01T12:00:00.000Z', '2026-09-01T12:00:00.000Z'],
  ['a moment before', '2026-09-01T19:59:59.999Z', '2026-09-01T19:59:59.999Z'],
  ['at night', '2026-09-01T20:00:00.000Z', '2026-09-02T05:00:00.000Z'],
  ['after midnight', '2026-09-02T04:59:00.000Z', '2026-09-02T05:00:00.000Z'],
  ['when they are over', '2026-09-02T05:00:00.000Z', '2026-09-02T05:00:00.000Z'],
  // The clocks go back that night.
  ['by the clock on the wall', '2026-10-24T21:00:00.000Z', '2026-10-25T06:00:00.000Z'],
])('a channel with quiet hours is told %s', (_, now, then) => {
  expect(when(now)).toBe(then);
});

it('has quiet days', () => {
  const weekend = quiet({ days: ['sat', 'sun'], from: '00:00', until: '24:00' });
  expect(when('2026-09-05T10:00:00.000Z', 'pending', weekend)).toBe('2026-09-06T00:00:00.000Z');
  expect(when('2026-09-04T10:00:00.000Z', 'pending', weekend)).toBe('2026-09-04T10:00:00.000Z');
});

it('is notified at once of what cannot wait: alarms, escalations, and what would be over by then', () => {
  const night = '2026-09-01T22:00:00.000Z';
  const atOnce = NoticeKind.options.filter((kind) => when(night, kind) === night);
  expect(atOnce.toSorted()).toEqual(['break_glass', 'escalation']);
  const soon = approvalWith({ expires_at: toEpochSeconds(at('2026-09-02T05:00:00.000Z')) });
  expect(when(night, 'pending', quiet(), soon)).toBe(night);
  const later = approvalWith({ expires_at: toEpochSeconds(at('2026-09-02T06:00:00.000Z')) });
  expect(when(night, 'pending', quiet(), later)).not.toBe(night);
  const slack = { slack: { bot_token: 'x', channel: 'C1', signing_secret: 's' } };
  expect(when(night, 'resolved', quiet(berlin, slack))).toBe(night);
});
