import { describe, expect, it } from 'vitest';
import { clipped } from './clipped.js';

describe('clipped text', () => {
  it('is whole when there is room', () => {
    expect(clipped('x'.repeat(100), 100)).toBe('x'.repeat(100));
  });

  it('says how much is missing, within what there is room for', () => {
    const text = clipped('x'.repeat(1_000), 100);
    expect(text).toBe(`${'x'.repeat(60)}… and 940 more characters`);
  });

  it('cuts no character in the middle of how it is written', () => {
    expect(clipped('&'.repeat(100), 101, () => '&amp;')).toBe(`${'&amp;'.repeat(12)}… and 88 more characters`);
  });
});
