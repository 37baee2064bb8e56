import { describe, expect, it } from 'vitest';
import { callsIn, checkCall, refusalIn, textIn, truncate, userMessage, withEveryCallAnswered } from './conversation.js';
import { call, callTo, text, tools } from '../../test/run.fixtures.js';

const note = { ...tools.look_up, name: 'note', parameters: { type: 'object', required: ['text'] } };
const check = (args: string) => checkCall({ call_id: 'call_a', name: 'note', arguments: args }, [note]);

describe('a call of a tool', () => {
  it('is taken with the arguments as the model gave them', () => {
    expect(check('{ "text": "é", "extra": 1 }')).toEqual({ tool: note, tool_args: { text: 'é', extra: 1 } });
  });

  it.each([
    ['half a character', '{"text":"\\ud83d"}', '/text: half of a character (a lone surrogate) stands in a text'],
    [
      'a number beyond all bounds',
      '{"text":1e400}',
      '/text: the number 1e400 cannot be kept exactly: give it as a string',
    ],
    [
      'an integer that would become another',
      '{"text":[2512292042121000001]}',
      '/text/0: the number 2512292042121000001 cannot be kept exactly: give it as a string',
    ],
    ['a name twice', '{"text":"a","text":"b"}', '/text: the same name is there twice in one object'],
    ['__proto__', '{"text":"a","__proto__":{}}', '/__proto__: no field can have the name __proto__'],
    [
      'levels without end',
      `{"text":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      expect.stringMatching(/\n\/text(\/0){63}: lists and objects are nested more than 64 levels deep$/),
    ],
    ['no JSON at all', '{"text"', expect.stringContaining('\nthe arguments: this is not JSON')],
  ])('is refused when nobody could tell what they sign, because it has %s', (_, args, why: unknown) => {
    const complaint = 'The arguments of note cannot be used. Nothing was done; correct the call.\n';
    expect(check(args)).toEqual({ complaint: typeof why === 'string' ? complaint + why : why });
  });

  it('is checked without the fields that a person fills in', () => {
    const args = JSON.stringify({ what: 'it' });
    const checked = checkCall({ call_id: 'call_a', name: 'grant', arguments: args }, [tools.grant]);
    expect(checked).toEqual({ tool: tools.grant, tool_args: { what: 'it' } });
  });

  it('tells no more of a wrong name than fits a sentence', () => {
    const checked = checkCall({ call_id: 'call_a', name: 'x'.repeat(10_000), arguments: '{}' }, [note]);
    expect(checked).toEqual({ complaint: `There is no tool "${'x'.repeat(100)}". The tools are: note.` });
  });
});

describe('what the model said', () => {
  const items = [text('First. '), { type: 'reasoning', summary: [] }, call('call_a'), text('Second.')];

  it('is read from its messages, in order', () => {
    expect(textIn(items)).toBe('First. Second.');
    expect(textIn([call('call_a')])).toBe('');
  });

  it('is not what the user said', () => {
    expect(textIn([userMessage('Deploy it.'), { ...text('Deploy it.'), role: 'user' }])).toBe('');
  });

  it('holds its refusals apart', () => {
    const refusal = { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] };
    expect([textIn([refusal]), refusalIn([refusal, text('Yes.')])]).toEqual(['', 'No.']);
  });

  it('holds its calls apart', () => {
    expect(callsIn(items).map(({ call_id }) => call_id)).toEqual(['call_a']);
  });
});

describe('a conversation whose calls are all answered', () => {
  const output = (call_id: string, of = 'over') => ({ type: 'function_call_output', call_id, output: of });

  it('has an output for each call', () => {
    const items = [call('call_a'), callTo('look_up', 'call_b'), output('call_b', 'found')];
    expect(withEveryCallAnswered(items, 'over')).toEqual([...items, output('call_a')]);
  });

  it('has one for each use of a call id', () => {
    const items = [call('call_a'), output('call_a', 'done'), call('call_a'), call('call_a')];
    expect(withEveryCallAnswered(items, 'over')).toEqual([...items, output('call_a'), output('call_a')]);
  });

  it('stays as it is', () => {
    const items = [userMessage('Hello.'), call('call_a'), output('call_a', 'done')];
    expect(withEveryCallAnswered(items, 'over')).toEqual(items);
  });
});

describe('a text that is cut', () => {
  it('stays as it is when it is short enough', () => {
    expect(truncate('1234567', 7)).toBe('1234567');
  });

  it('keeps its beginning and its end, and says how much is gone', () => {
    expect(truncate('12345678', 7)).toBe('1234\n[1 characters are left out here]\n678');
    expect(truncate('12345678', 1)).toBe('1\n[7 characters are left out here]\n');
  });

  it('has no half characters where it was cut', () => {
    expect(truncate('😀😀😀😀', 2).isWellFormed()).toBe(true);
  });
});
