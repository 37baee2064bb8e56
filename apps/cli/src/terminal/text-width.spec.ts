import { expect, it } from 'vitest';
import { clip, widthOf } from './text-width.js';

it.each([
  'x'.repeat(50),
  'a… 12 more …b'.repeat(4),
  'ご注文の発送について'.repeat(4),
  'a👩‍🚀b'.repeat(9),
  'مرحبا بالعالم '.repeat(5),
])('a text is never wider than the room there is: %j', (text) => {
  for (let width = 2; width < 60; width++) {
    const clipped = clip(text, width);
    expect(widthOf(clipped)).toBeLessThanOrEqual(width);
    expect(clipped.isWellFormed()).toBe(true);
    expect(clipped === text || clipped.endsWith('…')).toBe(true);
  }
});
