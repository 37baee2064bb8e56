import { randomUUID } from 'node:crypto';
interface Item {
  type: string;
  [field: string]: unknown;
}
interface Part {
  type: string;
  text?: string;
  refusal?: string;
}
interface ChatCall {
  id: string;
  function: { name: string; arguments: string };
}
interface ChatMessage {
  role: string;
  content?: unknown;
  tool_call_id?: string;
  tool_calls?: ChatCall[];
}

/** A request of Chat Completions, as it would be one of the Responses API. */
export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  tools?: { function: { name: string; description: string; parameters: unknown; strict?: boolean } }[];
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
}

/** The same request in the terms of the Responses API, which who answers understands. */
export function asResponsesRequest({ model, messages, tools = [], stream }: ChatRequest) {
  const [first, ...rest] = messages;
  const isInstructed = first?.role === 'system';
  return {
    model,
    ...(isInstructed && { instructions: String(first.content) }),
    input: (isInstructed ? rest : messages).flatMap(itemsOf),
    tools: tools.map(({ function: { strict = false, ...named } }) => ({ type: 'function', ...named, strict })),
    ...(stream !== undefined && { stream }),
  };
}

function itemsOf({ role, content, tool_call_id, tool_calls = [] }: ChatMessage): Item[] {
  if (role === 'tool') return [{ type: 'function_call_output', call_id: tool_call_id, output: String(content) }];
  const calls = tool_calls.map(({ id, function: made }) => ({ type: 'function_call', call_id: id, ...made }));
  const said = typeof content === 'string' ? [{ type: 'message', role, content }] : [];
  return [...said, ...calls];
}

/** What is said in one choice, of items of the Responses API. */
interface ChatAnswer {
  content: string | null;
  refusal: string | null;
  tool_calls: { id: unknown; type: 'function'; function: { name: unknown; arguments: unknown } }[];
  finish_reason: string;
}

export function chatAnswerOf(output: readonly Item[], incomplete?: string): ChatAnswer {
  const parts = output.flatMap(({ type, content }) => (type === 'message' ? (content as Part[]) : []));
  const textOf = (type: string, field: 'text' | 'refusal') =>
    parts
      .filter((part) => part.type === type)
      .map((part) => part[field])
      .join('') || null;
  const tool_calls = output
    .filter(({ type }) => type === 'function_call')
    .map(({ call_id, name, arguments: args }) => ({
      id: call_id,
      type: 'function' as const,
      function: { name, arguments: args },
    }));
  const reasons: Record<string, string> = { max_output_tokens: 'length' };
  const ended = tool_calls.length > 0 ? 'tool_calls' : 'stop';
  const finish_reason = incomplete === undefined ? ended : (reasons[incomplete] ?? incomplete);
  return { content: textOf('output_text', 'text'), refusal: textOf('refusal', 'refusal'), tool_calls, finish_reason };
}

interface Usage {
  input_tokens: number;
  output_tokens: number;
}
const usageOf = ({ input_tokens, output_tokens }: Usage) => ({
  prompt_tokens: input_tokens,
  completion_tokens: output_tokens,
  total_tokens: input_tokens + output_tokens,
});

/** The answer as a whole. */
export function completionOf(model: string, { finish_reason, tool_calls, ...said }: ChatAnswer, usage: Usage) {
  const message = { role: 'assistant', ...said, ...(tool_calls.length > 0 && { tool_calls }) };
  return {
    id: newId(),
    object: 'chat.completion',
    model,
    choices: [{ index: 0, message, finish_reason }],
    usage: usageOf(usage),
  };
}

/** The answer in pieces, as a stream sends it; what ends it is sent by `[DONE]`. */
export function* chunksOf(
  model: string,
  { content, refusal, tool_calls, finish_reason }: ChatAnswer,
  usage: Usage | undefined,
): Generator<object> {
  const id = newId();
  const chunk = (delta: object, finish: string | null = null) => ({
    id,
    object: 'chat.completion.chunk',
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  yield chunk({ role: 'assistant', content: '' });
  for (const piece of words(content ?? '')) yield chunk({ content: piece });
  for (const piece of words(refusal ?? '')) yield chunk({ refusal: piece });
  for (const [index, { function: made, ...call }] of tool_calls.entries()) {
    yield chunk({ tool_calls: [{ index, ...call, function: { name: made.name, arguments: '' } }] });
    for (const piece of String(made.arguments).match(/.{1,8}/gs) ?? [])
      yield chunk({ tool_calls: [{ index, function: { arguments: piece } }] });
  }
  yield chunk({}, finish_reason);
  if (usage) yield { id, object: 'chat.completion.chunk', model, choices: [], usage: usageOf(usage) };
}

const newId = (): string => `chatcmpl-${randomUUID()}`;
const words = (text: string): string[] => text.split(/(?<=\s)(?=\S)/).filter(Boolean);
