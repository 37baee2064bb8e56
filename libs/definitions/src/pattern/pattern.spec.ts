import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pattern, TextTooLong } from './pattern.js';

/** Patterns of all that is taken, put together at random. */
// prettier-ignore
const atom = fc.constantFrom(
  'a', 'B', '-', '.', '\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\p{Lu}', '\\P{L}', '\\p{Script=Greek}',
  '[a-c]', '[^a-c]', '[\\w-]', '[^\\s\\d]', '[]', '[^]', '[\\]\\\\^]', '[-a]', '[\\b]', '[💳-💵é]', '[\\u{1F4B3}]',
  '\\/', '\\.', '\\-', '\\u0061', '\\ud83d\\udcb3', '\\x2d', '\\cJ', '\\0', '\\t', '\\n', '💳', 'é', '(?:)',
);
const assertion = fc.constantFrom('^', '$', '\\b', '\\B');
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '{2}', '{0,3}', '{1,}?');
const { pattern } = fc.letrec<{ pattern: string; piece: string }>((tie) => ({
  piece: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    assertion,
    fc.tuple(atom, quantifier).map((parts) => parts.join('')),
    fc
      .tuple(fc.constantFrom('(', '(?:', '(?<n>'), tie('pattern'), quantifier)
      .map(([open, inner, times]) => `${open}${inner})${times}`),
  ),
  pattern: fc
    .array(fc.array(tie('piece'), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((alternatives) => alternatives.map((pieces) => pieces.join('')).join('|')),
}));
const character = fc.constantFrom(...'aAbBcz-_09 .^]\\/\n\r\t\0\b\v\u00a0\u2028\ufeff\u0085éςΩ💳💴');
const text = fc.array(character, { maxLength: 8 }).map((characters) => characters.join(''));

const isPattern = (source: string): boolean => {
  try {
    return Boolean(new RegExp(source, 'u'));
  } catch {
    return false;
  }
};

/**
 * What JavaScript's specification says. Searching of its own, V8 looks within a character of two code units: it finds
 * `\\B` there, and misses `[^a]$`. So the search is spelled out.
 */
const searching = (source: string) => new RegExp(`^[^]*?(?:${source})`, 'u');

describe('a pattern', () => {
  it('means what it means to JavaScript', () => {
    fc.assert(
      fc.property(pattern.filter(isPattern), fc.array(text, { minLength: 10, maxLength: 10 }), (source, texts) => {
        const [own, theirs] = [new Pattern(source), searching(source)];
        for (const each of texts) expect([source, each, own.test(each)]).toEqual([source, each, theirs.test(each)]);
      }),
      // The same patterns each time: of V8 itself, one in some hundred thousand is wrong, such as `([^]{1,}?(a^))|` on ' é '.
      { numRuns: 1_000, seed: 17 },
    );
  });

  it.each([
    ['^(a+)+$', 'a'],
    ['^(a|aa)+$', 'a'],
    ['^(\\w+\\s?)*$', 'ab '],
    ['(x+x+)+y', 'x'],
    ['^([a-z]+)*@([a-z]+\\.)+com$', 'a.'],
  ])('%s takes no more than a time linear in the text', (source, unit) => {
    const own = new Pattern(source);
    const spent = (length: number) => {
      const hostile = `${unit.repeat(length / unit.length)}!`;
      const begun = performance.now();
      for (let time = 0; time < 20; time += 1) expect(own.test(hostile)).toBe(false);
      return performance.now() - begun;
    };
    spent(5_000);
    // Backtracking would take longer than this universe lasts.
    expect(spent(50_000)).toBeLessThan(100 * Math.max(spent(5_000), 10));
  });

  it.each([
    ['a(?=b)', /^at character 2: look-ahead/],
    ['^(?!prod)', /^at character 2: look-ahead/],
    ['(?<=a)b', /^at character 1: look-behind/],
    ['(?<!a)b', /^at character 1: look-behind/],
    ['(a)\\1', /^at character 4: a back reference/],
    ['(?<n>a)\\k<n>', /^at character 8: a back reference/],
    ['(?i:prod)', /^at character 1: flags/],
    ['a{1001}', /^it repeats more than 1,000 times/],
    ['(?:a{100}){100}', /^it repeats more than 1,000 times/],
    ['(', /Unterminated group/],
    ['a**', /Nothing to repeat/],
    ['\\A', /Invalid escape/],
    ['x'.repeat(1_001), /^it has more than 1000 characters/],
  ])('that needs more is refused, with what to write instead: %.20s', (source, reason) => {
    expect(() => new Pattern(source)).toThrow(reason);
  });

  it.each([
    ['^https\\:\\/\\/', 'https://', true],
    ['^(?P<year>\\d{4})$', '2026', true],
    ['^[(?P<]+$', 'P', true],
    ['[a\\-z]', 'b', false],
    ['\\ud83d', '💳', false],
    ['^.$', '💳', true],
  ])('of other dialects is taken where it is plain what it means: %s', (source, given, matched) => {
    expect(new Pattern(source).test(given)).toBe(matched);
  });

  it('is not compared with a text for which even that would take long', () => {
    const many = new Pattern('a[ab]{900}[cd]');
    expect(many.test('ab'.repeat(1_000))).toBe(false);
    expect(() => many.test('ab'.repeat(1_000_000))).toThrow(TextTooLong);
    expect(new Pattern('^a').test('a'.repeat(1_000_000))).toBe(true);
  });
});
