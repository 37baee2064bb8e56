import type { ConversationItem } from '@countersign/contracts/runs';
import { chatRefusalOf, refusalOf } from '@countersign/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { call, question, text } from '../../../test/model.fixtures.js';
import { messagesOf } from '../chat/chat-messages.js';
import { acceptable, fullForm } from './conversation.js';

const output = (call_id: string, said = 'done') => ({ type: 'function_call_output', call_id, output: said });
const reasoning = (id: string) => ({ type: 'reasoning', id, summary: [], encrypted_content: `sealed ${id}` });
const typesOf = (items: readonly ConversationItem[]) =>
  items.map(({ type, role }) => (type === 'message' ? role : type));

describe('a conversation on the wire', () => {
  it('is as it was said where that is in order', () => {
    const said = [question, reasoning('rs_1'), call('call_a'), output('call_a'), text('Done.')];
    expect(acceptable(said)).toEqual(said);
  });

  it.each([
    ['alone', [question, reasoning('rs_1')]],
    ['before what the runner says', [question, reasoning('rs_1'), { ...question, role: 'developer' }]],
    ['that is not sealed', [question, { type: 'reasoning', id: 'rs_1', summary: [] }, text('Hello.')]],
    ['of an earlier question', [question, reasoning('rs_1'), text('Hello.'), question]],
  ])('has no reasoning %s', (_, items) => expect(typesOf(acceptable(items))).not.toContain('reasoning'));

  it('has no reasoning twice, and none that was refused or is not wanted', () => {
    const twice = [question, reasoning('rs_1'), text('One.'), reasoning('rs_1'), text('Two.')];
    expect(typesOf(acceptable(twice))).toEqual(['user', 'reasoning', 'assistant', 'assistant']);
    expect(typesOf(acceptable(twice, fullForm, (sealed) => sealed === 'sealed rs_1'))).not.toContain('reasoning');
    expect(typesOf(acceptable(twice, { ...fullForm, reasoning: false }))).not.toContain('reasoning');
  });

  it('hands each call the id back that the server gave it, and another to one whose id is used again', () => {
    const long = 'x'.repeat(1_200);
    const items = [
      question,
      { ...call('call_own'), provider_call_id: long },
      output('call_own'),
      call('call_a'),
      output('call_a', 'first'),
      { ...call('call_a#1'), provider_call_id: 'call_a' },
      output('call_a#1', 'second'),
    ];
    const ids = acceptable(items).flatMap(({ call_id }) => (call_id === undefined ? [] : [call_id]));
    expect(ids).toEqual([long, long, 'call_a', 'call_a', 'call_2', 'call_2']);
    const short = acceptable(items, { ...fullForm, ids: 'short' });
    expect(short.every(({ call_id }) => String(call_id ?? '').length <= 64)).toBe(true);
  });

  it('answers a call that has no output, and leaves out an output that has no call', () => {
    const items = [question, call('call_a'), call('call_b'), output('call_b'), question, output('call_c')];
    expect(acceptable(items).map(({ type, call_id }) => [type, call_id])).toEqual([
      ['message', undefined],
      ['function_call', 'call_a'],
      ['function_call', 'call_b'],
      ['function_call_output', 'call_b'],
      ['function_call_output', 'call_a'],
      ['message', undefined],
    ]);
  });

  it.each(['', '; rm -rf /', 'null', '[]', '"{}"', undefined, null, 3])(
    'has an object in the place of the arguments %j',
    (args) => expect(acceptable([question, { ...call('call_a'), arguments: args }])[1]!['arguments']).toBe('{}'),
  );

  it('names the role that the server knows', () => {
    const said = { type: 'message', role: 'developer', content: 'Go on.' };
    expect(typesOf(acceptable([question, said]))).toEqual(['user', 'developer']);
    expect(typesOf(acceptable([question, said], { ...fullForm, role: 'system' }))).toEqual(['user', 'system']);
  });

  it('is accepted, whatever was said', () => {
    const any = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom(null, undefined, 3, {}, { toString: 1 }, [], 'x'.repeat(70)),
    );
    const callId = fc.oneof(fc.constantFrom('call_a', 'call_b', 'call_0', 'call_1', ''), any);
    const part = fc.record({
      type: fc.constantFrom('output_text', 'refusal', 'input_text', 'odd'),
      text: any,
      refusal: any,
    });
    const item = fc.oneof(
      fc.record({
        type: fc.constant('message'),
        role: fc.oneof(fc.constantFrom('user', 'assistant', 'developer', 'system'), any),
        content: fc.oneof(any, fc.array(fc.oneof(part, any), { maxLength: 3 })),
      }),
      fc.record({
        type: fc.constant('function_call'),
        id: any,
        call_id: callId,
        provider_call_id: any,
        name: any,
        arguments: any,
      }),
      fc.record({ type: fc.constant('function_call_output'), call_id: callId, output: any }),
      fc.record({
        type: fc.constant('reasoning'),
        id: fc.constantFrom('rs_1', 'rs_2', '!'),
        summary: any,
        encrypted_content: any,
      }),
      fc.record({ type: fc.string() }),
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 20 }), fc.boolean(), fc.boolean(), (items, reasoning, short) => {
        const form = { ...fullForm, reasoning, ids: short ? ('short' as const) : ('theirs' as const) };
        const input = acceptable([question, ...items] as ConversationItem[], form);
        const callIds = new Set(short ? [] : input.map(({ call_id }) => String(call_id)));
        const refused = refusalOf({ model: 'm', input }, { callIds, reasoningBefore: new Map() });
        expect(refused).toBe(undefined);
        const plain = acceptable([question, ...items] as ConversationItem[], {
          ...form,
          reasoning: false,
          role: 'system',
        });
        const messages = messagesOf('You deploy.', plain);
        expect(chatRefusalOf({ model: 'm', messages }, { callIds, reasoningBefore: new Map() })).toBe(undefined);
      }),
      { numRuns: 3_000, seed: 17 },
    );
  });
});
