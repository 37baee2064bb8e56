import { describe, expect, it } from 'vitest';
import { patternInWords } from './pattern-words.js';

describe('a regular expression is explained', () => {
  it.each([
    ['^[0-9.]+$', 'one or more digits or “.”'],
    [
      '^\\d+\\.\\d+\\.\\d+$',
      'one or more digits, then “.”, then one or more digits, then “.”, then one or more digits',
    ],
    ['^[a-z][a-z0-9-]*$', 'one small letter, then any number of small letters, digits or “-”'],
    ['^CHG-\\d{4,6}$', '“CHG-”, then 4 to 6 digits'],
    ['^[A-Z]{2}$', '2 capital letters'],
    ['^v?\\w{3,}$', 'at most one “v”, then 3 or more letters, digits or “_”'],
    ['^(staging|production)$', '“staging” or “production”'],
  ])('%s in words, and shown', (pattern, words) => {
    expect(patternInWords(pattern)).toBe(`${words} (pattern ${pattern})`);
  });

  it.each([
    '[0-9]+',
    '^[^/]+$',
    '^(?!prod).*$',
    '^a.c$',
    '^[a-f]+$',
    '^(a|b)+$',
    '^[0-9]+|x$',
    '^$',
    '^\\bx$',
    '^[+--]$',
  ])('only as it is where words could be wrong: %s', (pattern) => {
    expect(patternInWords(pattern)).toBe(`fits the pattern ${pattern}`);
  });
});
