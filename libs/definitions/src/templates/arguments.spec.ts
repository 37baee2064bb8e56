import { fullFormats } from 'ajv-formats/dist/formats.js';
import { describe, expect, it } from 'vitest';
import { argumentProblems, validatorOf } from './arguments.js';

const schema = {
  type: 'object',
  properties: {
    service: { type: 'string', pattern: '^[a-z]+$' },
    stage: { enum: ['test', 'live'] },
    notify: { type: 'object', properties: { mail: { type: 'string', format: 'email' } } },
  },
  required: ['service'],
  additionalProperties: false,
};

describe('the arguments of a call', () => {
  it('fit their schema or not', () => {
    expect(argumentProblems(schema, { service: 'auth', stage: 'test', notify: { mail: 'a@b.example' } })).toEqual([]);
  });

  it.each([
    [{}, "the arguments: must have required property 'service'"],
    [[], 'the arguments: must be object'],
    [{ service: 'AUTH' }, 'service: must match pattern "^[a-z]+$"'],
    [{ service: 'auth', stage: 'dev' }, 'stage: must be one of "test", "live"'],
    [{ service: 'auth', force: true }, 'the arguments: has no field "force"'],
    [{ service: 'auth', notify: { mail: 'me' } }, 'notify.mail: must match format "email"'],
  ])('are told what is wrong: %j', (args, problem) => {
    expect(argumentProblems(schema, args)).toEqual([problem]);
  });

  it('are reported all at once', () => {
    expect(argumentProblems(schema, { service: 1, stage: 2 })).toHaveLength(2);
  });

  it('are never changed or completed', () => {
    const args = { a: '1' };
    const withDefault = { type: 'object', properties: { a: { type: 'integer' }, b: { default: 2 } } };
    expect(argumentProblems(withDefault, args)).toEqual(['a: must be integer']);
    expect(args).toEqual({ a: '1' });
  });

  it('have what every object inherits only when it is given', () => {
    expect(argumentProblems({ type: 'object', required: ['toString'] }, {})).toHaveLength(1);
  });
});

describe('hostile arguments', () => {
  const list = (item: object) => ({ type: 'object', properties: { a: { type: 'array', ...item } } });

  it('are compared with a pattern in linear time', () => {
    const backtracking = { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } };
    expect(argumentProblems(backtracking, { a: `${'a'.repeat(100_000)}!` })).toEqual([
      'a: must match pattern "^(a+)+$"',
    ]);
    const wide = { type: 'object', properties: { a: { type: 'string', not: { pattern: 'a[ab]{900}[cd]' } } } };
    expect(argumentProblems(wide, { a: 'ab'.repeat(100_000) })).toEqual([
      expect.stringMatching(/^the arguments: a text has more than the \d+ characters/),
    ]);
  });

  it.each(Object.keys(fullFormats))('are compared with the format %s in linear time', (format) => {
    const schema = { type: 'object', properties: { a: { type: 'string', format } } };
    const spent = (length: number) => {
      const begun = performance.now();
      for (const unit of ['a', '1', '.', 'a.', 'a@', '::', '%41', '/a', '{a', '-'])
        for (const start of ['', 'http://a:', 'urn:', 'a@', 'P'])
          argumentProblems(schema, { a: `${start}${unit.repeat(length / unit.length)}!` });
      return performance.now() - begun;
    };
    spent(2_000);
    expect(spent(20_000)).toBeLessThan(40 * Math.max(spent(2_000), 10));
  });

  it('have members that differ as JSON does, compared in linear time', () => {
    const unique = list({ uniqueItems: true });
    expect(
      argumentProblems(unique, {
        a: [
          { x: 1, y: 2 },
          { y: 2, x: 1 },
        ],
      }),
    ).toEqual(['a: must NOT have duplicate items']);
    const many = Array.from({ length: 30_000 }, (_, n) => ({ n }));
    expect(argumentProblems(unique, { a: many })).toEqual([]);
  });

  it('have no more problems than somebody can read', () => {
    const problems = argumentProblems(list({ items: { type: 'string' } }), {
      a: Array.from({ length: 5_000 }, () => 1),
    });
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('the arguments: and 4980 more problems');
  });
});

describe('a JSON Schema', () => {
  it('may have the id of another', () => {
    const [one, other] = ['string', 'integer'].map((type) => ({ $id: 'urn:same', type }));
    expect(argumentProblems(one!, 'x')).toEqual([]);
    expect(argumentProblems(other!, 'x')).toEqual(['the arguments: must be integer']);
  });

  it.each([{ type: 'text' }, { $ref: '#/$defs/none' }, { pattern: '(' }, { pattern: '(?=a)' }])(
    'is not %j',
    (schema) => {
      expect(() => validatorOf(schema)).toThrow();
    },
  );
});
