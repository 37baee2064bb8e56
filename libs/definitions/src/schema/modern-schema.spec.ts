import { describe, expect, it } from 'vitest';
import { argumentProblems } from '../templates/arguments.js';
import { modernSchema } from './modern-schema.js';

const takes = (schema: object, args: unknown) => argumentProblems(modernSchema(schema as never), args).length === 0;
const of = (a: object) => ({ type: 'object', properties: { a } });

describe('a schema of an older draft', () => {
  it.each([
    [
      'a list of items',
      of({ type: 'array', items: [{ type: 'string' }], additionalItems: false }),
      { a: ['x'] },
      { a: [1] },
    ],
    ['no more items', of({ type: 'array', items: [{}], additionalItems: false }), { a: [1] }, { a: [1, 2] }],
    ['an excluded bound', of({ minimum: 1, exclusiveMinimum: true }), { a: 2 }, { a: 1 }],
    ['an included bound', of({ maximum: 1, exclusiveMaximum: false }), { a: 1 }, { a: 2 }],
    ['a required property', of({ type: 'string', required: true }), { a: 'x' }, {}],
    ['what it is divisible by', of({ type: 'number', divisibleBy: 2 }), { a: 4 }, { a: 3 }],
    ['what it extends', of({ type: 'string', extends: { maxLength: 1 } }), { a: 'x' }, { a: 'xy' }],
    ['what is not allowed', of({ disallow: ['string', { minimum: 5 }] }), { a: 4 }, { a: 'x' }],
    ['that nothing is', of({ disallow: 'any' }), {}, { a: 1 }],
    ['dependencies', { type: 'object', dependencies: { a: ['b'] } }, { a: 1, b: 1 }, { a: 1 }],
    ['dependencies that are schemas', { dependencies: { a: { required: ['b'] } } }, { a: 1, b: 1 }, { a: 1 }],
    [
      'what it refers to',
      { ...of({ $ref: '#/definitions/it' }), definitions: { it: { type: 'array', items: [{ type: 'string' }] } } },
      { a: ['x'] },
      { a: [1] },
    ],
  ])('means the same: %s', (_, schema, good, bad) => {
    const old = { $schema: 'http://json-schema.org/draft-04/schema#', id: 'x', ...schema };
    expect([takes(old, good), takes(old, bad)]).toEqual([true, false]);
  });

  it('keeps what is of today, and what is data or a name', () => {
    const schema = {
      type: 'object',
      properties: {
        id: { type: 'string' },
        $schema: {},
        required: { type: 'boolean' },
        extends: { type: 'string' },
        items: { enum: [{ items: [] }] },
      },
      required: ['id'],
    };
    expect(modernSchema(schema)).toEqual(schema);
  });
});
