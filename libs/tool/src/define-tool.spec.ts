import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, isDefinedTool, type ToolOptions } from './define-tool.js';
import { isNotDone, NotDone } from './not-done.js';
import type { CallContext } from './tool.js';

const context: CallContext = {
  id: 'execution-1',
  run_id: 'run-1',
  tool_call_id: 'call-1',
  attempt: 1,
  signal: new AbortController().signal,
  progress() {},
};
const parameters = z.object({
  city: z.string().describe('Where.'),
  days: z.number().int().max(10).default(3),
  pin: z.string().optional(),
});
type Options = ToolOptions<typeof parameters>;
const forecast = (options: Partial<Options> = {}) =>
  defineTool({
    name: 'forecast',
    description: 'The weather.',
    parameters,
    run: ({ city, days }) => `${city}: ${days} days of sun`,
    ...options,
  });

describe('a tool that is a function', () => {
  it('is shown to a model with the JSON Schema of its arguments, and needs no approval unless it says so', () => {
    expect(forecast().definition).toEqual({
      name: 'forecast',
      description: 'The weather.',
      parameters: expect.objectContaining({
        type: 'object',
        required: ['city'],
        properties: expect.objectContaining({ city: { type: 'string', description: 'Where.' } }),
      }),
      approval: 'none',
      requires: null,
      user_input: [],
      redact: [],
      max_output: 20_000,
      made_by: 'runner',
    });
  });

  it.each<[Options['approval'], string | null]>([
    ['none', null],
    ['audit', 'confirmation'],
    ['required', 'confirmation'],
  ])('with approval %s waits for %s', (approval, requires) => {
    expect(forecast({ approval: approval! }).definition).toMatchObject({ approval, requires });
  });

  it('may have a person fill in what the model does not see', () => {
    const { definition } = forecast({ requires: 'user_input', user_input: ['pin'], redact: ['pin'], max_output: 100 });
    expect(definition).toMatchObject({ requires: 'user_input', user_input: ['pin'], redact: ['pin'], max_output: 100 });
  });

  it('is called with defaults filled in and what it does not know left out', async () => {
    const tool = forecast({ run: (args) => args });
    expect(await tool.run({ city: 'Turin', country: 'IT' }, context)).toBe('{"city":"Turin","days":3}');
  });

  it('is not called with arguments that do not fit', async () => {
    let calls = 0;
    const tool = forecast({ run: () => void calls++ });
    await expect(tool.run({ city: 'Turin', days: 11 }, context)).rejects.toThrow(/nothing was done:.*days/s);
    expect(calls).toBe(0);
  });

  it('knows which run calls it, and when to stop', async () => {
    const tool = forecast({
      run: (_, { run_id, tool_call_id, signal }) => ({ run_id, tool_call_id, stop: signal.aborted }),
    });
    expect(await tool.run({ city: 'Turin' }, context)).toBe('{"run_id":"run-1","tool_call_id":"call-1","stop":false}');
  });

  it.each([
    ['a text', 'sun', 'sun'],
    ['a promise', Promise.resolve('rain'), 'rain'],
    ['a list', [1, null], '[1,null]'],
    ['null', null, 'null'],
    ['nothing', undefined, 'done'],
  ])('that returns %s is answered as text', async (_, result, text) => {
    expect(await forecast({ run: () => result }).run({ city: 'Turin' }, context)).toBe(text);
  });

  it('that returns what is no JSON says that the call was made', async () => {
    const tool = forecast({ run: () => 1n });
    expect(await tool.run({ city: 'Turin' }, context)).toContain('The call was made, but');
  });

  it('fails with what its function throws', async () => {
    const tool = forecast({ run: () => Promise.reject(new Error('no such city')) });
    await expect(tool.run({ city: 'Turin' }, context)).rejects.toThrow('no such city');
  });

  it('may say that nothing was done, and when there is a use in trying again', async () => {
    const closed = new NotDone('the shop is closed', 30);
    const tool = forecast({ run: () => Promise.reject(closed) });
    await expect(tool.run({ city: 'Turin' }, context)).rejects.toBe(closed);
    expect([closed, new Error('NotDone'), null].map(isNotDone)).toEqual([true, false, false]);
  });

  it('says on which terms approved calls are made', () => {
    const { terms, timeout } = forecast({ timeout: '10m', execute: { semantics: 'idempotent', wait: '30s' } });
    expect({ terms, timeout }).toMatchObject({
      timeout: 600,
      terms: { semantics: 'idempotent', wait: 30, attempts: 3 },
    });
    expect(forecast()).toMatchObject({ timeout: undefined, terms: { semantics: 'at_most_once' } });
  });

  it('is known for one by every copy of this module', async () => {
    const { defineTool: another } = (await import(`${import.meta.dirname}/define-tool.ts?copy`)) as {
      defineTool: typeof defineTool;
    };
    expect(another).not.toBe(defineTool);
    expect(isDefinedTool(another({ name: 'a', description: '', parameters: z.object({}), run: () => 1 }))).toBe(true);
    expect([{ definition: {} }, null, 'a'].some(isDefinedTool)).toBe(false);
  });

  it.each<[string, object, RegExp]>([
    ['a time that is none', { timeout: 'soon' }, /timeout: must be seconds/],
    [
      'a key of what a call may lack',
      { execute: { concurrency_key: '{{arguments.days}}' } },
      /execute\.concurrency_key: .*list it under parameters\.required/,
    ],
    ['a name no model can use', { name: 'the forecast' }, /"the forecast" is not defined right:\n {2}name: letters/],
    [
      'a user_input that is no parameter',
      { requires: 'user_input', user_input: ['pim'] },
      /user_input names "pim".*city, days, pin/,
    ],
    ['a redact that is no parameter', { redact: ['pim'] }, /redact names "pim"/],
    ['calls that somebody else makes', { requires: 'external_execution' }, /the call is made elsewhere/],
    ['an approval that nothing waits for', { approval: 'required', requires: null }, /would not wait/],
    ['a user_input that nobody is asked for', { user_input: ['pin'] }, /unless requires is user_input/],
    ['no function', { run: 'forecast' }, /run must be a function/],
    ['parameters that are no schema', { parameters: { city: 'string' } }, /parameters must be a z\.object\(\)/],
    [
      'parameters that JSON has not',
      { parameters: z.object({ on: z.date() }) },
      /that JSON Schema can express: .*Date/,
    ],
    ['an output of no length', { max_output: 1 }, /max_output: /],
    ['an unknown approval', { approval: 'always' }, /approval: /],
  ])('cannot have %s', (_, wrong, reason) => {
    expect(() => forecast(wrong)).toThrow(reason);
  });
});
