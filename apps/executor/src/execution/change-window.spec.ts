import { atMillis } from '@countersign/contracts/time';
import type { ChangeWindow } from '@countersign/definitions/execute';
import { describe, expect, it } from 'vitest';
import { nextOpening } from './change-window.js';

const office: ChangeWindow = { days: ['mon', 'tue', 'wed', 'thu'], from: '09:00', until: '16:00', time_zone: 'UTC' };
const opening = (at: string, ...windows: ChangeWindow[]) =>
  new Date(nextOpening(windows, atMillis(Date.parse(at)))).toISOString();

describe('a change window', () => {
  it.each([
    ['is open from its first moment', '2026-11-24T09:00:00Z', '2026-11-24T09:00:00.000Z'],
    ['is open until just before its end', '2026-11-24T15:59:59.999Z', '2026-11-24T15:59:59.999Z'],
    ['opens later the same day', '2026-11-24T08:59:00Z', '2026-11-24T09:00:00.000Z'],
    ['opens the next day after its end', '2026-11-24T16:00:00Z', '2026-11-25T09:00:00.000Z'],
    ['opens after a weekend', '2026-11-26T16:00:00Z', '2026-11-30T09:00:00.000Z'],
  ])('%s', (_, at, opens) => expect(opening(at, office)).toBe(opens));

  it('may go past midnight', () => {
    const night: ChangeWindow = { ...office, days: ['fri'], from: '22:00', until: '04:00' };
    expect(opening('2026-11-28T03:59:00Z', night)).toBe('2026-11-28T03:59:00.000Z');
    expect(opening('2026-11-28T04:00:00Z', night)).toBe('2026-12-04T22:00:00.000Z');
  });

  it('may be a whole day', () => {
    const saturday: ChangeWindow = { ...office, days: ['sat'], from: '00:00', until: '24:00' };
    expect(opening('2026-11-28T23:59:59Z', saturday)).toBe('2026-11-28T23:59:59.000Z');
    expect(opening('2026-11-29T00:00:00Z', saturday)).toBe('2026-12-05T00:00:00.000Z');
  });

  it('keeps the hours of its time zone when the clocks change', () => {
    const berlin: ChangeWindow = { ...office, days: ['sun', 'mon'], time_zone: 'Europe/Berlin' };
    expect(opening('2026-10-24T12:00:00Z', berlin)).toBe('2026-10-25T08:00:00.000Z');
    expect(opening('2026-03-28T12:00:00Z', berlin)).toBe('2026-03-29T07:00:00.000Z');
  });

  it('is one of several, and the first to open counts', () => {
    const evening = { ...office, from: '18:00', until: '20:00' };
    expect(opening('2026-11-24T17:00:00Z', office, evening)).toBe('2026-11-24T18:00:00.000Z');
  });
});
