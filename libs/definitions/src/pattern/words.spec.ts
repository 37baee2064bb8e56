import { describe, expect, it } from 'vitest';
import { patternProblem } from './pattern.js';
import { patternInWords } from './words.js';

describe('a simple pattern', () => {
  it.each([
    ['^payments-', 'begins with "payments-"'],
    ['-prod$', 'ends with "-prod"'],
    ['^production$', 'is "production"'],
    ['prod', 'contains "prod"'],
    ['^(prod|production)$', 'is one of "prod" or "production"'],
    ['^prod|^live$', 'begins with "prod", or is "live"'],
    ['^v\\d+\\.\\d+$', 'is "v", then one or more times one digit, then ".", then one or more times one digit'],
    ['^[a-z0-9-]{3,20}$', 'is 3 to 20 times one character of a-z 0-9 -'],
    ['^[^/]+$', 'is one or more times one character other than /'],
    ['^https?:', 'begins with "http", then at most one "s", then ":"'],
    ['^(?:eu|us)-', 'begins with one of "eu" or "us", then "-"'],
    ['a.{2}b', 'contains "a", then 2 times one character of one line, then "b"'],
    ['^$', 'is empty'],
  ])('is said in words: %s', (source, words) => {
    expect(patternProblem(source)).toBeUndefined();
    expect(patternInWords(source)).toBe(words);
  });

  it.each([
    '',
    '(a(b)+)+',
    'a+?',
    '\\p{L}',
    '\\bprod\\b',
    '(?<name>a)',
    '[\\d-]',
    'a$b',
    '[a-z-z]',
    '[ --]',
    '[!-z]',
    '\\n',
    '(a+|b)',
    'x**',
  ])('is left as it is where words might be wrong: %s', (source) => {
    expect(patternInWords(source)).toBeUndefined();
  });
});
