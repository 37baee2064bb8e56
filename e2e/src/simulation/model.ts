import type { RunMessage } from '@countersign/agent-runner';
import type { ConversationItem } from '@countersign/contracts/runs';
import { agentOf, type Agent, type ToolDefinition } from '@countersign/definitions';
import type { Dice } from './dice.js';

const aText = { type: 'string' };
const anObject = (properties: Record<string, object>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const tool = (
  name: string,
  approval: ToolDefinition['approval'],
  requires: ToolDefinition['requires'],
  made_by: ToolDefinition['made_by'],
  change: Partial<ToolDefinition> = {},
): ToolDefinition => ({
  name,
  description: `For ${name}.`,
  parameters: anObject({ what: aText }),
  approval,
  requires,
  made_by,
  user_input: [],
  redact: [],
  max_output: 20_000,
  ...change,
});
const filledIn = {
  parameters: anObject({ what: aText, hours: { type: 'integer', minimum: 1 } }),
  user_input: ['hours'],
};

/** One tool for each way in which a call can be gated and made. */
const tools = [
  tool('deploy', 'required', 'external_execution', 'executor'),
  tool('restart', 'audit', 'external_execution', 'executor', { redact: ['what'] }),
  tool('refund', 'required', 'confirmation', 'executor'),
  tool('delete', 'required', null, 'executor', { redact: ['what'] }),
  tool('grant', 'required', 'user_input', 'executor', { ...filledIn, redact: ['hours'] }),
  tool('ask_reviewer', 'required', 'user_input', 'person', filledIn),
  tool('note', 'audit', null, 'executor'),
  tool('tell', 'audit', 'confirmation', 'executor'),
  tool('look_up', 'none', null, 'runner'),
  tool('send', 'none', 'confirmation', 'runner'),
  tool('book', 'none', 'user_input', 'runner', filledIn),
  tool('ask_user', 'none', 'user_input', 'person', filledIn),
  tool('show_map', 'none', 'external_execution', 'person'),
];

export const agent: Agent = agentOf({
  id: 'ops',
  name: 'Operations',
  description: null,
  model: 'a-model',
  instructions: 'Do what you are asked to.',
  tools,
  max_steps: 8,
  budget: { tokens: null, seconds: 600 },
  deadline_in: null,
  history: { max_items: 100, max_tokens: 20_000 },
});

/** What a person fills in is the answer. */
export const isAnsweredByPerson = (name: string): boolean =>
  tools.some((each) => each.name === name && each.made_by === 'person');

type Responded = Extract<RunMessage, { type: 'model_responded' }>;
type Failed = Extract<RunMessage, { type: 'model_failed' }>;

const message = (type: string, content: object): ConversationItem => ({
  type: 'message',
  role: 'assistant',
  content: [{ type, ...content }],
});
const text = (said: string): ConversationItem => message('output_text', { text: said });

/** Few, so that they come again; the second is what the runner might make of a first that came twice. */
const callIds = ['call_1', 'call_1#1', 'call_2', 'call_3'] as const;

function functionCall(dice: Dice): ConversationItem {
  const call = { type: 'function_call', call_id: dice.one(...callIds), name: dice.pick(tools)!.name };
  const args = JSON.stringify({ what: dice.one('a', 'b') });
  return dice.weighted<ConversationItem>([
    [12, { ...call, arguments: args }],
    [1, { ...call, arguments: '{"what":' }],
    [1, { ...call, arguments: '{"what":"a","hours":1}' }],
    [1, { ...call, name: 'no_such_tool', arguments: args }],
    [1, { type: 'function_call', name: call.name, arguments: args }],
  ]);
}

const callsOf = (dice: Dice): ConversationItem[] => Array.from({ length: 1 + dice.below(4) }, () => functionCall(dice));

function itemsOf(dice: Dice): ConversationItem[] {
  return dice.weighted<() => ConversationItem[]>([
    [10, () => callsOf(dice)],
    [3, () => [{ type: 'reasoning', encrypted_content: 'sealed' }, text('Let me see.'), ...callsOf(dice)]],
    [1, () => [text('Done.')]],
    [1, () => [message('refusal', { refusal: 'I will not.' })]],
    [1, () => []],
  ])();
}

/** What the model answers: anything. */
export function answerOf(dice: Dice): Responded['response'] | Pick<Failed, 'error' | 'retry_after_ms'> {
  if (dice.oneIn(12)) return { error: 'overloaded', retry_after_ms: dice.one(0, 5_000, 5_000, null) };
  const incomplete = dice.oneIn(10) ? 'max_output_tokens' : null;
  return { items: itemsOf(dice), usage: { input_tokens: 10, output_tokens: 3 }, incomplete };
}

export const lastAnswer: Responded['response'] = {
  items: [text('That is all.')],
  usage: { input_tokens: 10, output_tokens: 3 },
  incomplete: null,
};
