import { describe, expect, it } from 'vitest';
import { isHidden, marked, markedLine, visibleText, visibleLine } from './visible-text.js';

describe('visible text', () => {
  it.each([
    ['what changes the direction', 'rm \u202E/fer tset', 'rm [U+202E]/fer tset'],
    ['isolates', '\u2066a\u2069', '[U+2066]a[U+2069]'],
    ['what has no width', 'ad\u200Bmin\uFEFF', 'ad[U+200B]min[U+FEFF]'],
    ['control characters', 'a\u0000b\u001B[31m\u0085', 'a[U+0000]b[U+001B][31m[U+0085]'],
    ['separators of lines', 'a\u2028b\u2029c', 'a[U+2028]b[U+2029]c'],
    ['tags', 'x\u{E0041}', 'x[U+E0041]'],
    ['fillers that are letters', 'x\u3164y', 'x[U+3164]y'],
    ['symbols that are blank', 'x\u2800y\u{1d159}', 'x[U+2800]y[U+1D159]'],
    ['halves of characters', 'x\uD800', 'x[U+D800]'],
    ['a carriage return alone', 'safe\rrm', 'safe[U+000D]rm'],
  ])('writes out %s', (_, text, expected) => {
    expect(visibleText(text)).toBe(expected);
  });

  it('leaves lines, letters and pictures as they are', () => {
    expect(visibleText('Größe 部署\r\n👍 {"a": 1}\n')).toBe('Größe 部署\n👍 {"a": 1}\n');
  });

  it('is one line where only one is wanted', () => {
    expect(visibleLine('a\nb')).toBe('a[U+000A]b');
  });

  it('marks what looks like something else where somebody decides', () => {
    expect(marked('p\u0430yments\n\u202e')).toBe('p\u0430[U+0430]yments\n[U+202E]');
    expect(markedLine('ｐrod\n')).toBe('ｐ[U+FF50]rod[U+000A]');
    expect(marked('{"a": "部署"}')).toBe('{"a": "部署"}');
  });

  it('counts the spaces that push what follows out of sight', () => {
    expect(marked(`echo ok${' '.repeat(200)}; rm -rf /`)).toBe('echo ok[200 spaces]; rm -rf /');
    expect(marked(`a${' '.repeat(30)}b${' '.repeat(99)}`)).toBe(`a${' '.repeat(30)}b${' '.repeat(99)}`);
  });

  it('tells the hidden characters from those that are seen', () => {
    expect(['\u202E', '\u200B', '\n', 'a', ' ', '部', '👍'].map(isHidden)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
