import type { ConversationItem } from '@countersign/contracts/runs';
import type OpenAI from 'openai';

type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam;
type Call = OpenAI.Chat.Completions.ChatCompletionMessageFunctionToolCall;

/** What the model said in one turn, and what came of its calls. */
interface Turn {
  text: string[];
  refusal: string[];
  calls: Call[];
  /** By the ids of the calls. */
  outputs: Map<string, string>;
}

const empty = (): Turn => ({ text: [], refusal: [], calls: [], outputs: new Map() });

/**
 * A conversation as Chat Completions takes it: what the model said and called is one message, with the output of each call
 * right behind it.
 *
 * @param conversation in a form that a provider accepts: each call has one output, before anybody else says something
 */
export function messagesOf(instructions: string, conversation: readonly ConversationItem[]): Message[] {
  const messages: Message[] = instructions === '' ? [] : [{ role: 'system', content: instructions }];
  let turn = empty();
  const close = () => {
    messages.push(...messagesOn(turn));
    turn = empty();
  };
  const isAnswered = () => turn.calls.length > 0 && turn.outputs.size === turn.calls.length;
  for (const item of conversation) {
    if (item.type === 'function_call_output') {
      turn.outputs.set(textOf(item['call_id']), textOf(item['output']));
    } else if (item.type === 'function_call') {
      if (isAnswered()) close();
      const { call_id, name, arguments: args } = item;
      const made = { name: textOf(name), arguments: textOf(args) };
      turn.calls.push({ id: textOf(call_id), type: 'function', function: made });
    } else if (item['role'] === 'assistant') {
      if (isAnswered()) close();
      turn.text.push(partsIn(item, 'text'));
      turn.refusal.push(partsIn(item, 'refusal'));
    } else if (item.type === 'message') {
      close();
      messages.push({ role: item['role'] === 'user' ? 'user' : 'system', content: partsIn(item, 'text') });
    }
  }
  close();
  return messages;
}

function messagesOn({ text, refusal, calls, outputs }: Turn): Message[] {
  const [content, refused] = [text, refusal].map((parts) => parts.filter(Boolean).join('\n') || null) as [
    string | null,
    string | null,
  ];
  if (content === null && refused === null && calls.length === 0) return [];
  return [
    {
      role: 'assistant',
      content,
      ...(refused !== null && { refusal: refused }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
    ...calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: outputs.get(id) ?? '' })),
  ];
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function partsIn({ content }: ConversationItem, field: 'text' | 'refusal'): string {
  if (typeof content === 'string') return field === 'text' ? content : '';
  return (content as Record<string, unknown>[]).map((part) => textOf(part[field])).join('');
}
