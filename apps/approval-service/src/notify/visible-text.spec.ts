import { describe, expect, it } from 'vitest';
import { clipped, visible, visibleLine } from './visible-text.js';

describe('visible text', () => {
  it.each([
    ['what changes the direction', 'rm \u202E/fer tset', 'rm [U+202E]/fer tset'],
    ['isolates', '\u2066a\u2069', '[U+2066]a[U+2069]'],
    ['what has no width', 'ad\u200Bmin\uFEFF', 'ad[U+200B]min[U+FEFF]'],
    ['control characters', 'a\u0000b\u001B[31m\u0085', 'a[U+0000]b[U+001B][31m[U+0085]'],
    ['separators of lines', 'a\u2028b\u2029c', 'a[U+2028]b[U+2029]c'],
    ['tags', 'x\u{E0041}', 'x[U+E0041]'],
    ['fillers that are letters', 'x\u3164y', 'x[U+3164]y'],
    ['halves of characters', 'x\uD800', 'x[U+D800]'],
    ['a carriage return alone', 'safe\rrm', 'safe[U+000D]rm'],
  ])('writes out %s', (_, text, expected) => {
    expect(visible(text)).toBe(expected);
  });

  it('leaves lines, letters and pictures as they are', () => {
    expect(visible('Größe 部署\r\n👍 {"a": 1}\n')).toBe('Größe 部署\n👍 {"a": 1}\n');
  });

  it('is one line where only one is wanted', () => {
    expect(visibleLine('a\nb')).toBe('a[U+000A]b');
  });
});

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
