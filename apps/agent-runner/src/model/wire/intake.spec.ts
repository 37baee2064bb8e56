import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { call, text } from '../../../test/run.fixtures.js';
import { callsIn } from '../../run/conversation.js';
import { takenIn } from './intake.js';

const nothing = { items: [], steps: 2 };
const taken = (...items: unknown[]) => takenIn(nothing, items);

describe('what a model answered', () => {
  it('is kept as it is where it is in order', () => {
    const items = [{ type: 'reasoning', id: 'rs_1', encrypted_content: 'x' }, text('I deploy it.'), call('call_a')];
    expect(taken(...items)).toEqual({ items, remarks: [] });
  });

  it.each([[undefined], [null], [''], [7], [{}]])('gets an id of its own for a call whose id is %j', (call_id) => {
    const { items, remarks } = taken({ ...call('x'), call_id });
    expect(items).toMatchObject([{ call_id: 'call_2_0' }]);
    expect(items[0]).not.toHaveProperty('provider_call_id');
    expect(remarks).toEqual(['call call_2_0 came with no id']);
  });

  it('keeps an id that is too long, or used before, beside one of its own', () => {
    const long = `call_${'s'.repeat(1_200)}`;
    const { items, remarks } = taken(call(long), call('call_a'), call('call_a'));
    expect(items.map(({ call_id, provider_call_id }) => [call_id, provider_call_id])).toEqual([
      ['call_2_0', long],
      ['call_a', undefined],
      ['call_a#1', 'call_a'],
    ]);
    expect(remarks).toEqual([
      'call call_2_0 came with an id of 1205 characters',
      'call call_a#1 came with an id that was used before',
    ]);
    expect(takenIn({ items: [call('call_a')], steps: 3 }, [call('call_a')]).items).toMatchObject([
      { call_id: 'call_a#1' },
    ]);
  });

  it.each([[undefined], [null], ['']])('reads the arguments %j as none', (args) =>
    expect(callsIn(taken({ ...call('call_a'), arguments: args }).items)).toMatchObject([{ arguments: '{}' }]),
  );

  it('reads arguments that are an object already, unless a number of them may have been rounded', () => {
    const given = (args: unknown) => callsIn(taken({ ...call('call_a'), arguments: args }).items)[0]!;
    expect(given({ a: 1, b: [0.25, null] })).toEqual({ ...given({}), arguments: '{"a":1,"b":[0.25,null]}' });
    for (const number of ['2512292042121000001', '1e400', '0.12345678901234567'].map(Number))
      expect(given({ order: { id: number } }).unusable).toContain('rounded');
  });

  it('says what it does not use', () => {
    const { items, remarks } = taken(null, 'text', { type: 'web_search_call' }, text('Hello.'));
    expect(items).toEqual([{ type: 'web_search_call' }, text('Hello.')]);
    expect(remarks).toEqual([
      'item 0 is none and is left out',
      'item 1 is none and is left out',
      'item 2 has the type "web_search_call", of which nothing is used',
    ]);
  });

  it('is taken in once: it comes out the second time as the first, and no call is lost', () => {
    const odd = fc.oneof(
      fc.constantFrom('call_a', 'call_b', 'call_a#1', '', null, undefined, 'x'.repeat(195)),
      fc.anything(),
    );
    const answer = fc.array(
      fc.oneof(
        fc.record({ type: fc.constant('function_call'), call_id: odd, name: odd, arguments: odd }),
        fc.anything(),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(answer, (items) => {
        const first = takenIn({ items: [call('call_a')], steps: 1 }, items);
        expect(takenIn({ items: [call('call_a')], steps: 1 }, first.items).items).toEqual(first.items);
        const calls = callsIn(first.items);
        expect(calls).toHaveLength(first.items.filter(({ type }) => type === 'function_call').length);
        expect(new Set(calls.map(({ call_id }) => call_id)).size).toBe(calls.length);
      }),
      { seed: 17, numRuns: 2_000 },
    );
  });
});
