import type { ConversationItem } from '@countersign/contracts/runs';
import type { ModelResponse } from '../model.js';
import { count, isRecord } from '../wire/record.js';

/** Why an answer ended, where it is not because it was complete. */
const cutOff: Record<string, string> = { length: 'max_output_tokens' };
const complete = new Set<unknown>(['stop', 'tool_calls', 'function_call', 'eos', null, undefined]);

/** An answer of Chat Completions as the run keeps it; undefined: it is none. */
export function answerIn(completion: unknown): ModelResponse | undefined {
  if (!isRecord(completion) || !Array.isArray(completion['choices'])) return undefined;
  const [choice] = completion['choices'] as unknown[];
  if (!isRecord(choice) || !isRecord(choice['message'])) return undefined;
  const { message, finish_reason } = choice;
  const usage = isRecord(completion['usage']) ? completion['usage'] : {};
  return {
    items: [...said(message as Record<string, unknown>), ...called(message as Record<string, unknown>)],
    usage: { input_tokens: count(usage['prompt_tokens']), output_tokens: count(usage['completion_tokens']) },
    incomplete: complete.has(finish_reason) ? null : reasonFor(finish_reason),
  };
}

function reasonFor(finish_reason: unknown): string {
  if (typeof finish_reason !== 'string') return 'no reason reported';
  return Object.hasOwn(cutOff, finish_reason) ? cutOff[finish_reason]! : finish_reason;
}

function said({ content, refusal }: Record<string, unknown>): ConversationItem[] {
  // Some servers answer in parts, as they are asked.
  const texts = Array.isArray(content) ? content.map((part) => (isRecord(part) ? part['text'] : undefined)) : [content];
  const text = texts.filter((each) => typeof each === 'string').join('');
  const parts = [
    ...(text === '' ? [] : [{ type: 'output_text', text, annotations: [] }]),
    ...(typeof refusal === 'string' && refusal !== '' ? [{ type: 'refusal', refusal }] : []),
  ];
  return parts.length > 0 ? [{ type: 'message', role: 'assistant', content: parts }] : [];
}

/** What is no function call is kept under its type, so that the model is answered that it is not supported. */
function called({ tool_calls, function_call }: Record<string, unknown>): ConversationItem[] {
  const calls = Array.isArray(tool_calls) ? (tool_calls as unknown[]) : [];
  if (calls.length === 0 && isRecord(function_call)) return [callOf(undefined, function_call)];
  return calls.map((call) => {
    if (!isRecord(call)) return { type: 'unreadable_tool_call' };
    const { id, type, function: made } = call;
    return isRecord(made) ? callOf(id, made) : { type: `${typeof type === 'string' ? type : 'unreadable'}_tool_call` };
  });
}

const callOf = (call_id: unknown, { name, arguments: args }: Record<string, unknown>): ConversationItem => ({
  type: 'function_call',
  call_id,
  name,
  arguments: args,
});
