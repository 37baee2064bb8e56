import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalSubject, InvalidSubject } from './spelling.js';
import { isSameSubject, Subject } from './subject.js';

/** All characters that may be in a name. */
function* characters(): Generator<string> {
  for (let code = 0; code <= 0x10_ffff; code += 1) {
    const character = String.fromCodePoint(code);
    if (!/\p{C}/u.test(character)) yield character;
  }
}
const canonicalOrRefused = (text: string): string | null => {
  try {
    return canonicalSubject(text);
  } catch (error) {
    if (error instanceof InvalidSubject) return null;
    throw error;
  }
};

describe('who somebody is', () => {
  it.each([
    ['Ada@Example.com ', 'ada@example.com'],
    ['ada@example.com', 'ada@example.com'],
    ['\u3000ADA@EXAMPLE.COM\u00A0\n', 'ada@example.com'],
    ['\uFEFFada', 'ada'],
    ['ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'ada@example.com'],
    ['Ada   Lovelace', 'ada lovelace'],
    ['ﬁona', 'fiona'],
    ['Straße', 'strasse'],
    ['STRAẞE', 'strasse'],
    ['STRASSE', 'strasse'],
    ['ΟΔΥΣΣΕΥΣ', 'οδυσσευσ'],
    ['οδυσσευς', 'οδυσσευσ'],
    ['\u212Aelvin', 'kelvin'],
    ['Jose\u0301', 'josé'],
    ['ſam', 'sam'],
    ['ılker', 'ılker'],
    ['İlker', 'i\u0307lker'],
  ])('%j is %j', (given, canonical) => {
    expect(canonicalSubject(given)).toBe(canonical);
  });

  it('keeps the Turkish letters apart, who are not one person', () => {
    expect(new Set(['ıda', 'ida', 'İda'].map(canonicalSubject))).toHaveProperty('size', 3);
  });

  it.each<[string, string, RegExp]>([
    ['nothing', '', /must not be empty/],
    ['nothing but white space', ' \t\u3000\n', /must not be empty/],
    ['a zero-width space', 'ada\u200B', /U\+200B, which is invisible/],
    ['a zero-width joiner within', 'a\u200Dda', /U\+200D/],
    ['a change of direction', '\u202Eada', /U\+202E/],
    ['a control character', 'ad\u0000a', /U\+0000/],
    ['a break of the line', 'ada\nroot', /U\+000A/],
    ['a soft hyphen', 'a\u00ADda', /U\+00AD/],
    ['a filler of Hangul', 'ada\u3164', /U\+1160/],
    ['a variation selector', 'ada\uFE0F', /U\+FE0F/],
    ['a tag', 'ada\u{E0061}', /U\+E0061/],
    ['a lone surrogate', 'ada\uD800', /U\+D800/],
    ['the blank of Braille', '\u2800', /U\+2800/],
    ['a character that is not assigned', 'ada\u0378', /U\+0378/],
    ['too much', 'a'.repeat(201), /at most 200 characters, and this has 201/],
    ['what becomes too much', '\uFDFA'.repeat(20), /at most 200 characters/],
  ])('is not %s', (_, text, reason) => {
    expect(() => canonicalSubject(text)).toThrow(reason);
    expect(() => canonicalSubject(text)).toThrow(InvalidSubject);
    expect(Subject.safeParse(text).success).toBe(false);
  });

  it('of every single character is the same when it is made canonical again, and in either case', () => {
    for (const character of characters()) {
      const once = canonicalOrRefused(character);
      if (once === null) continue;
      if (canonicalSubject(once) !== once) throw new Error(`${character} has no one spelling`);
      if (character === 'ı') continue;
      for (const other of [character.toUpperCase(), character.toLowerCase(), character.toLowerCase().toUpperCase()])
        if (canonicalSubject(other) !== once) throw new Error(`${character} and ${other} are two`);
    }
  }, 60_000);

  it('is the same when it is made canonical again, whatever it was', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.string({
        unit: fc.constantFrom(' ', 'ς', 'Σ', 'ß', 'ẞ', 'ı', 'İ', 'i', 'I', '\u0307', '\u0345', 'ﬃ', '\u3000'),
      }),
    );
    fc.assert(
      fc.property(text, (given) => {
        const once = canonicalOrRefused(given);
        if (once !== null) expect(canonicalSubject(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  }, 20_000);

  it('is one person in any case, and with any white space around', () => {
    const name = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 50 });
    const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\u00A0', '\u3000', '\n') });
    fc.assert(
      fc.property(name, space, space, (given, before, after) => {
        const canonical = canonicalOrRefused(given);
        expect(canonicalOrRefused(before + given.toUpperCase() + after)).toBe(canonical);
        expect(canonicalOrRefused(given.toLowerCase())).toBe(canonical);
      }),
    );
  });

  it('is compared in its one spelling, and what names nobody is the same as nothing', () => {
    expect(isSameSubject('Ada@Example.com ', 'ada@example.com')).toBe(true);
    expect(isSameSubject('ada', 'adam')).toBe(false);
    expect(isSameSubject('', '')).toBe(false);
  });
});
