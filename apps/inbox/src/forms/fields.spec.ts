import { describe, expect, it } from 'vitest';
import { fieldsOf, fieldsOfInputs, valuesIn, writtenFor } from './fields.js';

const schema = {
  type: 'object',
  required: ['service', 'replicas', 'region'],
  properties: {
    service: { type: 'string', description: 'Which one.', minLength: 1 },
    replicas: { type: 'integer', minimum: 1, maximum: 9 },
    ratio: { type: 'number' },
    dry_run: { type: 'boolean' },
    region: { enum: ['eu', 'us', 3] },
    labels: { type: 'array', items: { type: 'string' } },
  },
};
const fields = fieldsOf(schema)!;
const all = { service: 'auth', replicas: 3, ratio: 0.5, dry_run: false, region: 3, labels: ['a'] };

describe('the fields of a schema', () => {
  it('are of the kinds that the schema says, with what a value must be', () => {
    expect(fields.map(({ name, kind, required }) => [name, kind, required])).toEqual([
      ['service', 'text', true],
      ['replicas', 'integer', true],
      ['ratio', 'number', false],
      ['dry_run', 'boolean', false],
      ['region', 'choice', true],
      ['labels', 'json', false],
    ]);
    expect(fields[0]).toMatchObject({ description: 'Which one.', rules: ['not empty'] });
    expect(fields[1]!.rules).toEqual(['at least 1', 'at most 9']);
  });

  it.each([null, {}, { type: 'object' }, { properties: [] }, { properties: {} }])('are none for %j', (schema) => {
    expect(fieldsOf(schema as never)).toBeNull();
  });

  it('give back the values that they were filled with', () => {
    expect(valuesIn(fields, writtenFor(fields, all))).toEqual({ values: all, problems: {} });
  });

  it('keep values that have no field', () => {
    expect(valuesIn(fields, writtenFor(fields, all), { ...all, extra: 1 }).values).toEqual({ ...all, extra: 1 });
  });

  it('leave out what is optional and empty, and miss what is needed', () => {
    const { values, problems } = valuesIn(fields, { service: 'auth', ratio: ' ', region: '' });
    expect(values).toEqual({ service: 'auth' });
    expect(problems).toEqual({ replicas: 'is missing', region: 'is missing' });
  });

  it.each([
    ['replicas', '2.5', 'must be a whole number'],
    ['replicas', 'two', 'must be a whole number'],
    ['ratio', '"1"', 'must be a number'],
    ['replicas', '9007199254740993', 'the number 9007199254740993 cannot be kept exactly: give it as a string'],
    ['ratio', '1e400', 'the number 1e400 cannot be kept exactly: give it as a string'],
    ['labels', '{"a": 1, "a": 2}', 'the same name is there twice in one object'],
    ['labels', 'a, b', 'must be JSON; a text stands in double quotes'],
  ])('say what is wrong with %s %s', (name, text, problem) => {
    expect(valuesIn(fields, { ...writtenFor(fields, all), [name]: text }).problems).toEqual({ [name]: problem });
  });

  it('are made of what a person is to fill in, too', () => {
    const input = { name: 'hours', field_type: 'int', description: 'How long.', value: null, required: true } as const;
    expect(fieldsOfInputs([{ ...input, schema: { maximum: 72 } }])).toMatchObject([
      { name: 'hours', kind: 'integer', description: 'How long.', required: true, rules: ['at most 72'] },
    ]);
  });
});
