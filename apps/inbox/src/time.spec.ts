import { atSeconds } from '@countersign/contracts/time';
import { expect, it } from 'vitest';
import { duration, urgency } from './time.js';

it.each([
  [-3, '0 s'],
  [0, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3_599, '59 min'],
  [3_600, '1 h'],
  [11_100, '3 h 5 min'],
  [86_400, '1 d'],
  [180_000, '2 d 2 h'],
])('%d seconds are %s', (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});

it('a deadline presses within an hour, and more within ten minutes', () => {
  expect(
    [null, 3_601, 3_600, 601, 600, -5].map((left) =>
      urgency(left === null ? null : atSeconds(1_000 + left), atSeconds(1_000)),
    ),
  ).toEqual(['none', 'none', 'soon', 'soon', 'now', 'now']);
});
