import { atMillis } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { retryAfter } from './retry-after.js';

const now = atMillis(Date.UTC(2026, 8, 1, 9, 30));

describe('Retry-After', () => {
  it.each([
    ['seconds', '120', 120_000],
    ['a date', new Date(now + 60_000).toUTCString(), 60_000],
    ['a date that is past', new Date(now - 60_000).toUTCString(), 0],
    ['nothing that is known', 'soon', null],
    ['nothing', '', null],
    ['no header', undefined, null],
  ])('may be %s', (_, header, expected) => {
    expect(retryAfter(header, now)).toBe(expected);
  });
});
