import { describe, expect, it } from 'vitest';
import { refusalOf } from './request-rules.js';

const issued = { callIds: new Set(['x'.repeat(1_200)]), reasoningBefore: new Map([['fc_1', 'rs_1']]) };
const user = { type: 'message', role: 'user', content: 'Deploy it.' };
const call = { type: 'function_call', call_id: 'call_a', name: 'deploy', arguments: '{}' };
const output = { type: 'function_call_output', call_id: 'call_a', output: 'done' };
const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' };
const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Done.' }] };
const refused = (input: unknown, tools: unknown = []) => refusalOf({ model: 'm', input, tools }, issued);

describe('the stand-in for a provider takes', () => {
  it.each([
    ['a question', [user]],
    ['a call with its output', [user, call, output]],
    ['reasoning before what came of it', [user, reasoning, { ...call, id: 'fc_1' }, output]],
    ['an answer, and what the developer says', [user, said, { type: 'message', role: 'developer', content: 'Go on.' }]],
    [
      'a long id that it made itself',
      [user, { ...call, call_id: 'x'.repeat(1_200) }, { ...output, call_id: 'x'.repeat(1_200) }],
    ],
  ])('%s', (_, input) => expect(refused(input)).toBe(undefined));

  it('schemas of tools that refer to what is defined in them', () => {
    const parameters = {
      type: 'object',
      properties: { list: { type: 'array', items: { $ref: '#/$defs/it' } } },
      $defs: { it: { type: ['string', 'null'], pattern: '^a$' } },
    };
    expect(refused([user], [{ type: 'function', name: 'a', parameters }])).toBe(undefined);
  });
});

describe('the stand-in for a provider refuses', () => {
  it.each([
    ['nothing', [], 'a list that is not empty'],
    ['a call without its output', [user, call], 'No tool output found for function call call_a'],
    ['an output without its call', [user, output], 'No tool call found'],
    ['an output before its call', [user, output, call], 'No tool call found'],
    ['a call id twice', [user, call, output, call, output], 'Duplicate item'],
    ['an id twice', [user, { ...said, id: 'msg_1' }, { ...said, id: 'msg_1' }], 'Duplicate item'],
    ['no call id', [user, { ...call, call_id: undefined }], 'call_id'],
    ['an empty call id', [user, { ...call, call_id: '' }], 'at least 1 character'],
    ['a long call id', [user, { ...call, call_id: 'y'.repeat(65) }], 'maximum length 64'],
    ['a long id', [user, { ...said, id: 'y'.repeat(65) }], '64 at most'],
    ['arguments that are no text', [user, { ...call, arguments: {} }, output], 'a text is expected'],
    ['arguments that are no JSON', [user, { ...call, arguments: 'rm' }, output], 'JSON of an object'],
    ['arguments that are null', [user, { ...call, arguments: 'null' }, output], 'JSON of an object'],
    ['an unknown role', [user, { ...user, role: 'tool' }], 'is no role'],
    ['an unknown type', [user, { type: 'web_search_call' }], 'is not supported'],
    ['parts of another role', [{ ...user, content: [{ type: 'output_text', text: '' }] }], 'is not supported for user'],
    ['reasoning alone', [user, reasoning], 'without its required following item'],
    ['reasoning before the user', [user, reasoning, user], 'without its required following item'],
    ['reasoning that is not sealed', [user, { ...reasoning, encrypted_content: null }, said], 'not found'],
    ['what came of reasoning without it', [user, { ...call, id: 'fc_1' }, output], "required 'reasoning' item"],
  ])('%s', (_, input, why) => expect(refused(input)?.message).toContain(why));

  it.each([
    ['no type', {}, "must have type 'object'"],
    ['alternatives at the top', { type: 'object', properties: {}, anyOf: [] }, 'at the top level'],
    ['no properties', { type: 'object' }, 'missing properties'],
    ['a list of anything', { type: 'object', properties: { a: { type: 'array' } } }, 'missing items'],
    ['a list of old', { type: 'object', properties: { a: { type: 'array', items: [{}] } } }, 'is not a schema'],
    ['a remote reference', { type: 'object', properties: { a: { $ref: 'https://x/y.json' } } }, 'reference'],
    ['a reference to nothing', { type: 'object', properties: { a: { $ref: '#/$defs/x' } } }, 'reference'],
    ['a wrong pattern', { type: 'object', properties: { a: { type: 'string', pattern: '(?P<n>a)' } } }, 'regex'],
    ['an old bound', { type: 'object', properties: { a: { exclusiveMinimum: true } } }, 'number'],
    ['an old requirement', { type: 'object', properties: { a: { required: true } } }, 'array'],
    ['an unknown type', { type: 'object', properties: { a: { type: 'any' } } }, 'not valid'],
  ])('a tool with %s', (_, parameters, why) =>
    expect(refused([user], [{ type: 'function', name: 'a', parameters }])?.message).toContain(why),
  );

  it('two tools of a name', () => {
    const tool = { type: 'function', name: 'a', parameters: { type: 'object', properties: {} } };
    expect(refused([user], [tool, tool])?.message).toContain('unique');
  });
});
