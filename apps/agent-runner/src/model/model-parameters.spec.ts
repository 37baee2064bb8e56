import { ToolDefinition } from '@countersign/definitions';
import { argumentProblems } from '@countersign/definitions/templates';
import { describe, expect, it } from 'vitest';
import { modelParameters } from './model-parameters.js';

const parameters = {
  type: 'object',
  properties: { to: { type: 'string' }, subject: { type: 'string' }, amount: { type: 'integer' } },
  required: ['to', 'amount'],
  additionalProperties: false,
};
const tool = (gate: Partial<ToolDefinition>): ToolDefinition => ({
  name: 'send_money',
  description: 'Sends money.',
  parameters,
  approval: 'none',
  requires: 'user_input',
  user_input: [],
  redact: [],
  max_output: 20_000,
  made_by: 'runner',
  ...gate,
});

describe('the arguments that the model gives', () => {
  it('are all of them when nobody fills in any', () => {
    expect(modelParameters(tool({ requires: null }))).toBe(parameters);
    expect(modelParameters(tool({ requires: 'confirmation', user_input: ['to'] }))).toBe(parameters);
  });

  it('are those that nobody fills in', () => {
    expect(modelParameters(tool({ user_input: ['to', 'subject'] }))).toEqual({
      ...parameters,
      properties: { amount: { type: 'integer' } },
      required: ['amount'],
    });
  });

  it('are none when a person fills in all', () => {
    expect(modelParameters(tool({}))).toEqual({ ...parameters, properties: {}, required: [] });
  });

  it('stay as they are in the definition', () => {
    const before = structuredClone(parameters);
    modelParameters(tool({ user_input: ['to'] }));
    expect(parameters).toEqual(before);
  });

  it('need not be required, nor described', () => {
    expect(modelParameters(tool({ parameters: { type: 'object' } }))).toEqual({ type: 'object', properties: {} });
  });

  it('are checked without what a person fills in', () => {
    const schema = modelParameters(tool({ user_input: ['to'] }));
    expect(argumentProblems(schema, { amount: 3 })).toEqual([]);
    expect(argumentProblems(schema, { amount: 3, to: 'me' })).toHaveLength(1);
    expect(argumentProblems(schema, {})).toHaveLength(1);
  });

  it('are one schema for one tool', () => {
    const one = tool({ user_input: ['to'] });
    expect(modelParameters(one)).toBe(modelParameters(one));
  });
});
