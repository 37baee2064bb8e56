import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskOf } from './mask.js';
import { maskFor } from './secrets.js';
import { spellings } from './spellings.js';

const secret = fc.string({ unit: fc.constantFrom(...'abAB01+/= "\\é-'), minLength: 8, maxLength: 24 });
const noise = fc.string({ unit: fc.constantFrom(...'abAB01+/= \n'), maxLength: 20 });
const mentions = (text: string, secrets: readonly string[]) => secrets.filter((each) => text.includes(each));

describe('a mask', () => {
  it('leaves nothing of a secret that is spelt in a usual way, however the text is cut into pieces', () => {
    const story = fc.record({
      secrets: fc.array(secret, { minLength: 1, maxLength: 3 }),
      parts: fc.array(fc.record({ noise, which: fc.nat(), how: fc.nat() }), { minLength: 1, maxLength: 4 }),
      cuts: fc.array(fc.nat(), { maxLength: 12 }),
    });
    fc.assert(
      fc.property(story, ({ secrets, parts, cuts }) => {
        const needles = [...new Set(secrets.flatMap(spellings))].filter((each) => each.trim() !== '');
        const text = parts.map(({ noise, which, how }) => noise + needles[(which + how) % needles.length]).join('');
        const stream = maskOf(needles).stream!();
        const places = [...cuts.map((cut) => cut % (text.length + 1)), 0, text.length].toSorted((a, b) => a - b);
        const pieces = places.slice(1).map((place, n) => text.slice(places[n], place));
        const shown = pieces.map((piece) => stream.add(piece)).join('') + stream.end();
        expect(mentions(shown.replaceAll('***', '\0'), needles)).toEqual([]);
        expect(shown).toBe(maskOf(needles)(text));
      }),
    );
  });

  it('holds back no more than what may be the beginning of a secret', () => {
    const stream = maskOf(['secret-one', 'secret-two']).stream!();
    expect(stream.add('a line\n')).toBe('a line\n');
    expect(stream.add('of sec')).toBe('of ');
    expect(stream.add('ond hand, secret-o')).toBe('second hand, ');
    expect(stream.add('ne and ')).toBe('*** and ');
    expect(stream.add('secret-')).toBe('');
    expect(stream.end()).toBe('secret-');
  });

  it('hides all of secrets that overlap, and of one that another begins with', () => {
    const mask = maskOf(['abcd', 'cdef', 'abcdxyz']);
    expect(mask('-abcdef-abcdxyz-')).toBe('-***-***-');
    const stream = mask.stream!();
    expect(['ab', 'cd', 'ef-abcd', 'xyz', '-'].map((piece) => stream.add(piece)).join('') + stream.end()).toBe(
      '***-***-',
    );
  });
});

describe('what a tool is given from the environment', () => {
  const env = { TOKEN: 's3cr&t "value"', KEY: '-----BEGIN-----\nline one of it\nline two of it\n-----END-----' };
  const mask = maskFor({ env: { A: '{{env.TOKEN}}', B: '{{env.KEY}}' } }, env);

  it.each([
    ['as it is', env.TOKEN],
    ['in JSON', JSON.stringify({ a: env.TOKEN }).slice(6, -2)],
    ['in a URL', encodeURIComponent(env.TOKEN)],
    ['in hex', Buffer.from(env.TOKEN).toString('hex').toUpperCase()],
    ['a line of it', 'line two of it'],
  ])('is hidden %s', (_, spelt) => {
    expect(mask(`it is ${spelt}.`)).toBe('it is ***.');
  });

  it.each([0, 1, 2, 3, 4])('is hidden in base64 of something with %d characters before it', (before) => {
    for (const encoding of ['base64', 'base64url'] as const) {
      const shown = mask(Buffer.from(`${'x'.repeat(before)}${env.TOKEN}, and more`).toString(encoding));
      expect(shown).toContain('***');
      const rest = shown.split('***').map((part) => Buffer.from(part, encoding).toString('latin1'));
      expect(rest.join(' ')).not.toContain('3cr');
    }
  });
});
