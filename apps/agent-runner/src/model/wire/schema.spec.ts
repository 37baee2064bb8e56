import { refusalOf } from '@countersign/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { question } from '../../../test/model.fixtures.js';
import { wireSchema } from './schema.js';

const refused = (parameters: object) =>
  refusalOf(
    { model: 'm', input: [question], tools: [{ type: 'function', name: 'a', parameters }] },
    { callIds: new Set(), reasoningBefore: new Map() },
  )?.message;
const of = (a: unknown) => ({ type: 'object', properties: { a } });

describe('the parameters of a tool on the wire', () => {
  it('are as they are where they are in order', () => {
    const schema = {
      type: 'object',
      properties: {
        list: { type: 'array', items: { $ref: '#/$defs/it' }, minItems: 1 },
        either: { anyOf: [{ type: 'string', pattern: '^a+$' }, { type: 'null' }], description: 'It.', default: null },
      },
      required: ['list'],
      additionalProperties: false,
      $defs: { it: { type: 'string', enum: ['x', 'y'] } },
    };
    expect(wireSchema(schema)).toEqual(schema);
  });

  it.each([
    ['no properties', { type: 'object' }, { type: 'object', properties: {} }],
    ['nothing at all', {}, { type: 'object', properties: {} }],
    ['a pattern of another dialect', of({ type: 'string', pattern: '(?P<n>a)' }), of({ type: 'string' })],
    ['a pattern that is none', of({ type: 'string', pattern: '[' }), of({ type: 'string' })],
    ['a remote reference', of({ $ref: 'https://x/y.json', description: 'It.' }), of({ description: 'It.' })],
    ['a list of anything', of({ type: 'array' }), of({ type: 'array', items: {} })],
    [
      'a list in order',
      of({ type: 'array', items: [{ type: 'string' }] }),
      of({ type: 'array', items: { anyOf: [{ type: 'string' }] } }),
    ],
    ['an old bound', of({ minimum: 1, exclusiveMinimum: true }), of({ minimum: 1 })],
    ['a type that there is not', of({ type: 'any' }), of({})],
  ])('are adapted where they have %s', (_, schema, expected) => {
    expect(refused(wireSchema(schema as never))).toBe(undefined);
    expect(wireSchema(schema as never)).toEqual(expected);
  });

  it('name what each alternative at the top takes, and what all of them need', () => {
    const schema = {
      type: 'object',
      anyOf: [{ properties: { a: { type: 'string' } }, required: ['a'] }, { $ref: '#/$defs/b' }],
      allOf: [{ properties: { c: {} }, required: ['c'] }],
      additionalProperties: false,
      $defs: { b: { properties: { b: { type: 'number' } } } },
    };
    expect(wireSchema(schema)).toMatchObject({
      properties: { a: { type: 'string' }, b: { type: 'number' }, c: {} },
      required: ['c'],
      additionalProperties: true,
    });
    expect(refused(wireSchema(schema))).toBe(undefined);
  });

  it('are accepted, whatever a server says', () => {
    const keyword = fc.constantFrom(
      'type',
      'properties',
      'items',
      'anyOf',
      'oneOf',
      'allOf',
      'not',
      'enum',
      'required',
      '$ref',
      'pattern',
      'exclusiveMinimum',
      'minimum',
      'additionalProperties',
      'patternProperties',
      '$defs',
      'definitions',
      'if',
      'prefixItems',
      'dependencies',
      'description',
      '$schema',
      'id',
      'format',
      'constructor',
      '__proto__',
    );
    const { schema } = fc.letrec((tie) => ({
      schema: fc.oneof(
        {
          weight: 1,
          arbitrary: fc.constantFrom<unknown>(true, {}, null, 'x', '[', 7, '#', '#/$defs/a', 'object', 'array'),
        },
        { weight: 1, arbitrary: fc.array(tie('schema'), { maxLength: 2 }) },
        {
          weight: 3,
          arbitrary: fc.dictionary(fc.oneof(keyword, fc.constantFrom('a', 'b')), tie('schema'), { maxKeys: 4 }),
        },
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keyword, schema, { maxKeys: 5 }), (parameters) => {
        expect(refused(wireSchema(parameters))).toBe(undefined);
      }),
      { seed: 17, numRuns: 3_000 },
    );
  });
});
