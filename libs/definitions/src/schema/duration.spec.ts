import { describe, expect, it } from 'vitest';
import { Duration, parseDuration } from './duration.js';

describe('a duration', () => {
  it.each([
    ['90s', 90],
    ['30m', 1_800],
    ['4h', 14_400],
    ['7d', 604_800],
    ['3650d', 315_360_000],
    [45, 45],
  ])('%s is %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
    expect(Duration.parse(text)).toBe(seconds);
  });

  it.each([
    '',
    '4',
    '4 h',
    '1.5h',
    '-4h',
    '4H',
    '4w',
    'h',
    '0s',
    '3651d',
    '9999999999s',
    '4h30m',
    0,
    -1,
    1.5,
    NaN,
    1e12,
  ])('is not %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
    expect(Duration.safeParse(text).success).toBe(false);
  });
});
