import type { Approval } from '@countersign/contracts/approvals';
import { NoticeKind } from '@countersign/contracts/deliveries';
import { Presentation } from '@countersign/contracts/presentation';
import { atMillis, toEpochMillis, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { approvalWith, channelOf } from '../../../test/notify.fixtures.js';
import { whenToNotify } from '../quiet-hours.js';
import { whenInDigest } from './digest.js';

const time = (text: string): EpochMillis => atMillis(Date.parse(text));
const email = { smtp_url: 'smtps://mail.example', from: 'cs@example.com', to: ['ada@example.com'] };
const waiting = approvalWith({ expires_at: null });
const morning = '2026-09-01T12:00:00.000Z';
const twice = { at: ['16:00', '09:00'], time_zone: 'Europe/Berlin' };

interface Case {
  kind?: NoticeKind;
  approval?: Approval;
  quiet_hours?: object;
  before?: number;
}
/** null: at once, or when quiet hours are over. */
async function when(
  digest: object,
  text: string,
  { kind = 'pending', approval = waiting, quiet_hours, before = 0 }: Case = {},
) {
  const channel = channelOf({ name: 'ops', email, digest, ...(quiet_hours && { quiet_hours }) });
  const now = time(text);
  const quiet = whenToNotify(channel, kind, approval, now);
  let counted: number | undefined;
  const told = async (since: number) => ((counted = since), before);
  const at = await whenInDigest(channel, kind, approval, { now, quiet, told });
  return { at: at && new Date(at).toISOString(), counted };
}

describe('a digest at times of the day', () => {
  it.each([
    [morning, '2026-09-01T14:00:00.000Z'],
    ['2026-09-01T14:00:00.000Z', '2026-09-01T14:00:00.000Z'],
    ['2026-09-01T14:00:01.000Z', '2026-09-02T07:00:00.000Z'],
    // The clocks go back that night.
    ['2026-10-24T15:00:00.000Z', '2026-10-25T08:00:00.000Z'],
  ])('of what comes at %s is sent at %s', async (now, then) => {
    expect((await when(twice, now)).at).toBe(then);
  });

  it('is not sent in quiet hours', async () => {
    const quiet_hours = { from: '15:30', until: '10:00', time_zone: 'Europe/Berlin' };
    expect((await when(twice, morning, { quiet_hours })).at).toBe('2026-09-02T08:00:00.000Z');
    expect((await when(twice, '2026-09-01T18:00:00.000Z', { quiet_hours })).at).toBe('2026-09-02T08:00:00.000Z');
  });
});

describe('a digest of many', () => {
  const digest = { every: '15m', more_than: 3 };

  it('is begun by the one that is too many, and sent at the end of the interval', async () => {
    const began = toEpochSeconds(time('2026-09-01T12:00:00.000Z'));
    const now = '2026-09-01T12:07:00.000Z';
    expect(await when(digest, now, { before: 2 })).toEqual({ at: null, counted: began });
    expect((await when(digest, now, { before: 3 })).at).toBe('2026-09-01T12:15:00.000Z');
  });

  it('is what quiet hours end with, and none is sent in them', async () => {
    const quiet_hours = { from: '12:10', until: '20:00' };
    const end = '2026-09-01T20:00:00.000Z';
    expect((await when(digest, '2026-09-01T13:00:00.000Z', { quiet_hours })).at).toBe(end);
    expect((await when(digest, '2026-09-01T12:07:00.000Z', { quiet_hours, before: 9 })).at).toBe(end);
  });
});

describe('no digest holds back', () => {
  const atOnce = { at: null, counted: undefined };

  it('an alarm, an escalation, what somebody waits to hear, or what is over', async () => {
    const held = await Promise.all(
      NoticeKind.options.map(async (kind) => ((await when(twice, morning, { kind })).at ? kind : null)),
    );
    expect(held.filter(Boolean)).toEqual(['pending', 'reminder']);
  });

  it('a critical call, also one that others have made less of', async () => {
    const presentation = Presentation.parse({ risk: 'critical' });
    expect(await when(twice, morning, { approval: { ...waiting, presentation } })).toEqual(atOnce);
    const other = Presentation.parse({
      risk: 'low',
      environment: { argument: 'service_name', values: { 'auth-service': { risk: 'critical' } } },
    });
    const edited = { ...waiting, presentation: other, approved_args: { service_name: 'search' } };
    expect(await when(twice, morning, { approval: edited })).toEqual(atOnce);
  });

  it('what has less than an hour left by then', async () => {
    const until = (text: string) => ({ approval: approvalWith({ expires_at: toEpochSeconds(time(text)) }) });
    expect((await when(twice, morning, until('2026-09-01T14:59:59.000Z'))).at).toBeNull();
    expect((await when(twice, morning, until('2026-09-01T15:00:00.000Z'))).at).not.toBeNull();
  });

  it('what would be decided too late after quiet hours', async () => {
    const quiet_hours = { from: '15:30', until: '10:00', time_zone: 'Europe/Berlin' };
    const approval = approvalWith({ expires_at: toEpochSeconds(time('2026-09-02T08:30:00.000Z')) });
    expect((await when(twice, morning, { quiet_hours, approval })).at).toBeNull();
    expect(toEpochMillis(approval.expires_at!)).toBeGreaterThan(time(morning));
  });
});
