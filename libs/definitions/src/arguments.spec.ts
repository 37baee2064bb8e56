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

  it('are told everything at once', () => {
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

describe('a JSON Schema', () => {
  it('may have the id of another', () => {
    const [one, other] = ['string', 'integer'].map((type) => ({ $id: 'urn:same', type }));
    expect(argumentProblems(one!, 'x')).toEqual([]);
    expect(argumentProblems(other!, 'x')).toEqual(['the arguments: must be integer']);
  });

  it.each([{ type: 'text' }, { $ref: '#/$defs/none' }, { pattern: '(' }])('is not %j', (schema) => {
    expect(() => validatorOf(schema)).toThrow();
  });
});
