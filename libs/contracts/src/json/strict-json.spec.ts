import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.js';
import { parseStrictJson } from './strict-json.js';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const codeOf = (text: string | Uint8Array, options = {}) => {
  const read = parseStrictJson(text, options);
  return read.ok ? 'ok' : `${read.problem.code} at "${read.problem.path}"`;
};

describe('strict JSON', () => {
  it.each([
    ['an integer that becomes another', '{"a": [1, {"id": 2512292042121000001}]}', 'inexact_number at "/a/1/id"'],
    ['the same, negative', '-9007199254740993', 'inexact_number at ""'],
    ['more digits than are kept', '0.12345678901234567890', 'inexact_number at ""'],
    ['what is too large', '{"n": 1e400}', 'inexact_number at "/n"'],
    ['what is too small', '{"n": -1e-400}', 'inexact_number at "/n"'],
    ['an exponent out of all bounds', `1e${'9'.repeat(400)}`, 'inexact_number at ""'],
    ['a name twice', '{"a": 1, "b": {"c": 1, "c": 1}}', 'duplicate_name at "/b/c"'],
    ['a name twice, written differently', '{"ab": 1, "\\u0061b": 1}', 'duplicate_name at "/ab"'],
    ['a name with a slash', '{"a/b~": {"x": 1, "x": 2}}', 'duplicate_name at "/a~1b~0/x"'],
    ['__proto__', '{"a": {"__proto__": {"admin": true}}}', 'reserved_name at "/a/__proto__"'],
    ['__proto__, written differently', '{"\\u005f_proto__": 1}', 'reserved_name at "/__proto__"'],
    ['half of a character', '{"a": "\\ud83d"}', 'lone_surrogate at "/a"'],
    ['half of a character as it is', `{"a": "${'\ud83d'}"}`, 'lone_surrogate at "/a"'],
    ['half of a character in a name', '{"\\udc00": 1}', 'lone_surrogate at "/\ufffd"'],
    ['U+0000', '["a", "\\u0000"]', 'nul_character at "/1"'],
    ['what is deep', `{"a": ${nested(64)}}`, `too_deep at "/a${'/0'.repeat(63)}"`],
    ['what is very deep', nested(5_000), `too_deep at "${'/0'.repeat(64)}"`],
    ['what is no JSON', '{"a": 01}', 'not_json at ""'],
    ['NaN', '[NaN]', 'not_json at ""'],
    ['nothing', '', 'not_json at ""'],
  ])('refuses %s', (_, text, expected) => {
    expect(codeOf(text)).toBe(expected);
  });

  it('refuses bytes that are not UTF-8, where others would see another text', () => {
    expect(codeOf(Buffer.from([0x22, 0xff, 0x22]))).toBe('not_utf8 at ""');
  });

  it.each([
    '0',
    '-0',
    '1.0',
    '1.50',
    '0.1',
    '1e5',
    '1E+2',
    '-2.5e-3',
    '9007199254740991',
    '9007199254740992',
    '2512292042121000000',
    '1000000000000000000000',
    '0.30000000000000004',
    '1.7976931348623157e308',
    '5e-324',
    '0e999',
    `0.${'0'.repeat(30)}`,
    '{"constructor": {"prototype": 1}, "toString": 1, "": {"": 2}}',
    '{"a": {"x": 1}, "b": {"x": 1}, "c": ["x", "x"], "x": "a"}',
    '"\\\\"',
    '["\\"", "\\\\\\"{[,", "\\ud83d\\udc4d", "\\u0001"]',
    nested(64),
    ' { "a" :\t[ 1 , 2 ]\r\n}\n',
  ])('takes %s for what it is', (text) => {
    expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
    expect(parseStrictJson(Buffer.from(text))).toEqual({ ok: true, value: JSON.parse(text) });
  });

  it('takes whatever JSON writes, in any layout', () => {
    const json = fc.jsonValue({ maxDepth: 8 }).filter((value) => !/__proto__|\\u0000/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(json, fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  it('takes an integer exactly when it is written again as it was read', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), (integer) => {
        const isExact = BigInt(Number(integer).toLocaleString('en', { useGrouping: false })) === integer;
        expect(parseStrictJson(String(integer)).ok).toBe(isExact);
      }),
    );
  });

  it('says where a name is twice, wherever that is', () => {
    const place = fc.array(fc.oneof(fc.nat(3), fc.string({ minLength: 1 })), { maxLength: 6 });
    fc.assert(
      fc.property(place, (path) => {
        const text = path.reduceRight<string>(
          (inner, part) =>
            typeof part === 'number'
              ? `[${'0,'.repeat(part)}${inner}]`
              : `{"before": 1, ${JSON.stringify(part)}: ${inner}}`,
          '{"twice": 1, "twice": 2}',
        );
        fc.pre(!path.some((part) => part === 'before' || part === '__proto__'));
        const pointer = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
        expect(parseStrictJson(text)).toMatchObject({
          problem: { code: 'duplicate_name', path: `${pointer}/twice` },
        });
      }),
    );
  });

  it('keeps the source text of numbers where it is asked to, for whoever writes them again', () => {
    const text = '{"id":2512292042121000001,"v":1.1,"n":[1e400,0.12345678901234567890,1,0.5,2e3]}';
    const read = parseStrictJson(text, { numbers: 'keep' });
    expect(read.ok && JSON.stringify(read.value)).toBe(text.replace('2e3', '2000'));
    expect(codeOf('{"a": 1, "a": 2}', { numbers: 'keep' })).toBe('duplicate_name at "/a"');
  });

  it('takes any text where that is allowed, of names as of values', () => {
    const text = '{"a\\ud83d": "\\u0000"}';
    expect(parseStrictJson(text, { texts: 'any' })).toEqual({ ok: true, value: { 'a\ud83d': '\0' } });
    expect(codeOf('{"\\u005f_proto__": 1}', { texts: 'any' })).toContain('reserved_name');
  });

  it('takes another depth', () => {
    expect(codeOf(nested(100), { depth: 100 })).toBe('ok');
    expect(codeOf(nested(101), { depth: 100 })).toContain('too_deep');
  });

  it('leaves nothing that has no canonical form', () => {
    const sources = fc.constantFrom(
      '1e400',
      '-0',
      '"\\ud800"',
      '"\\u0000"',
      '{"__proto__":1}',
      '1.0',
      '{"a":"\\ud83d"}',
    );
    fc.assert(
      fc.property(fc.array(sources), (parts) => {
        const read = parseStrictJson(`[${parts.join(',')}]`);
        if (read.ok) expect(parseStrictJson(canonicalJson(read.value)).ok).toBe(true);
      }),
    );
  });

  /** White space in front keeps a text from being as `JSON.stringify` writes it. */
  it('says the same of a text that is as it is usually written, and of one that is not', () => {
    const name = fc.constantFrom('a', 'b', '10', '9', '__proto__', 'é', '[', '{{', '\\u0061', '\\ud83d', '\\n');
    const scalar = fc.constantFrom(
      '1',
      '-0',
      '1.0',
      '1e5',
      '9007199254740993',
      'true',
      'null',
      '"\\u0000"',
      '"😀"',
      '"["',
    );
    const { json } = fc.letrec<{ json: string }>((tie) => ({
      json: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        scalar,
        fc.array(tie('json'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
        fc
          .array(fc.tuple(name, tie('json')), { maxLength: 3 })
          .map((members) => `{${members.map(([key, value]) => `"${key}":${value}`).join(',')}}`),
      ),
    }));
    const options = fc.record({
      depth: fc.constantFrom(2, 64),
      texts: fc.constantFrom('any' as const, 'refuse' as const),
    });
    fc.assert(
      fc.property(json, options, (text, given) => {
        expect(parseStrictJson(text, given)).toEqual(parseStrictJson(` ${text}`, given));
      }),
      { numRuns: 2_000 },
    );
  });
});
