import { atMillis } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { retryAfter } from './retry-after.js';

const now = atMillis(Date.parse('2026-09-01T09:30:00Z'));

describe('how long a server asks to be left alone', () => {
  it.each([
    [{ 'retry-after': '42' }, 42_000],
    [{ 'retry-after': '1.5' }, 1_500],
    [{ 'retry-after': 'Tue, 01 Sep 2026 09:31:00 GMT' }, 60_000],
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after-ms': '250', 'retry-after': '1' }, 250],
    [{ 'retry-after-ms': 'soon', 'retry-after': '1' }, 1_000],
  ])('is what %o says', (headers, expected) => {
    expect(retryAfter(new Headers(headers), now)).toBe(expected);
  });

  it.each([
    { 'retry-after': '86400' },
    { 'retry-after': 'Wed, 02 Sep 2026 09:30:00 GMT' },
    { 'retry-after-ms': '1e12' },
  ])('is an hour at most, whatever %o says', (headers) => {
    expect(retryAfter(new Headers(headers), now)).toBe(3_600_000);
  });

  it.each([{}, { 'retry-after': '0' }, { 'retry-after': 'soon' }, { 'retry-after': 'Tue, 01 Sep 2026 09:29:00 GMT' }])(
    'is not said by %o',
    (headers) => {
      expect(retryAfter(new Headers(headers), now)).toBeNull();
    },
  );
});
