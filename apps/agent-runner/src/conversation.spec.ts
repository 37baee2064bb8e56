import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Tool } from './agent.js';
import { callsIn, checkCall, textIn } from './conversation.js';
import { call, text } from './run.given.js';

const note: Tool = {
  name: 'note',
  description: 'Takes anything.',
  parameters: z.object({ text: z.unknown() }),
  approval: 'required',
  requires: 'external_execution',
};
const check = (args: string) => checkCall({ call_id: 'call_a', name: 'note', arguments: args }, [note]);

describe('a call of a tool', () => {
  it('is taken with the arguments that the tool declares', () => {
    expect(check('{ "text": "é", "extra": 1 }')).toEqual({ tool: note, tool_args: { text: 'é' } });
  });

  it.each([
    ['half a character', '{"text":"\\ud83d"}'],
    ['a number beyond all bounds', '{"text":1e400}'],
    ['no JSON at all', '{"text"'],
  ])('is refused when nobody could sign it, because it has %s', (_, args) => {
    expect(check(args)).toEqual({
      complaint: 'The arguments of note are not JSON. Nothing was done; correct the call.',
    });
  });
});

describe('what the model said', () => {
  const items = [text('First. '), { type: 'reasoning', summary: [] }, call('call_a'), text('Second.')];

  it('is read from its messages, in order', () => {
    expect(textIn(items)).toBe('First. Second.');
    expect(textIn([call('call_a')])).toBe('');
  });

  it('holds its calls apart', () => {
    expect(callsIn(items).map(({ call_id }) => call_id)).toEqual(['call_a']);
  });
});
