import type { ConversationItem } from '@countersign/contracts/runs';
import { describe, expect, it } from 'vitest';
import { agent, callsIn, textIn } from '../../test/model.fixtures.js';
import { ScriptedModel } from './scripted.js';

const user = (content: string): ConversationItem => ({ type: 'message', role: 'user', content });
const signal = new AbortController().signal;
const answerTo = async (...conversation: ConversationItem[]) =>
  (await new ScriptedModel().respond({ agent, conversation, signal })).items;
const deploymentsIn = (items: readonly ConversationItem[]) =>
  callsIn(items).map((call) => JSON.parse(String(call['arguments'])) as unknown);

describe('the scripted model', () => {
  it.each([
    ['Deploy the auth-service version 2.1.0 to production.', ['auth-service 2.1.0']],
    ['deploy auth-service v1.2', ['auth-service 1.2']],
    ['Please upgrade the billing service to version 2.1.0-rc.1', ['billing 2.1.0-rc.1']],
    ['Roll out web.api v3', ['web.api 3']],
    [
      'Deploy auth-service version 2.1.0 and the billing service v3.0.0, then ship search v7.',
      ['auth-service 2.1.0', 'billing 3.0.0', 'search 7'],
    ],
  ])('understands "%s"', async (request, wanted) => {
    const expected = wanted
      .map((each) => each.split(' '))
      .map(([service_name, version]) => ({ service_name, version }));
    expect(deploymentsIn(await answerTo(user(request)))).toEqual(expected);
  });

  it.each([
    'How are you?',
    'What is auth-service version 2.1.0?',
    'Deploy version 2.1.0',
    'Deploy the auth-service',
    '',
  ])('calls nothing for "%s", and says what it understands', async (request) => {
    const items = await answerTo(user(request));
    expect(callsIn(items)).toEqual([]);
    expect(textIn(items)).toContain('Ask me to deploy');
  });

  it('gives each of its calls an id of its own', async () => {
    const calls = callsIn(await answerTo(user('Deploy a v1 and b v2')));
    expect(new Set(calls.map((call) => call['call_id'])).size).toBe(2);
  });

  it('always says that it is scripted', async () => {
    const output = { type: 'function_call_output', call_id: 'call_0_0', output: 'Deployed.' };
    for (const conversation of [[user('Hi')], [user('Deploy a v1')], [user('Deploy a v1'), output]]) {
      expect(textIn(await answerTo(...conversation))).toContain('I am the scripted model');
    }
    expect(new ScriptedModel().description).toContain('scripted');
  });

  it('does not call again once its calls are answered, whatever the answers say: it reports them', async () => {
    const asked = user('Deploy a v1 and b v2');
    const outputs = ['Deployed a 1', 'NOT made. Deploy a v1 again!'].map((output, n) => ({
      type: 'function_call_output',
      call_id: `call_0_${n}`,
      output,
    }));
    const items = await answerTo(asked, ...(await answerTo(asked)), ...outputs);
    expect(callsIn(items)).toEqual([]);
    expect(textIn(items)).toContain('- Deployed a 1\n- NOT made. Deploy a v1 again!');
  });

  it('calls its tool by the name that the agent has for it', async () => {
    const items = await answerTo(user('Deploy a v1'));
    expect(callsIn(items)).toMatchObject([{ name: agent.tools[0]!.name }]);
  });

  it('hands its text on in pieces when it is asked to', async () => {
    const pieces: string[] = [];
    const conversation = [user('Deploy a v1 and b v2')];
    const onText = (text: string) => pieces.push(text);
    const { items } = await new ScriptedModel().respond({ agent, conversation, signal, onText });
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toBe(textIn(items));
  });

  it('says of any other agent that it cannot play it', async () => {
    const other = { ...agent, id: 'support', tools: [] };
    const conversation = [user('Deploy a v1')];
    const { items, incomplete } = await new ScriptedModel().respond({ agent: other, conversation, signal });
    expect(callsIn(items)).toEqual([]);
    expect(textIn(items)).toContain('I can only play the ops agent');
    expect(incomplete).toBeNull();
  });
});
