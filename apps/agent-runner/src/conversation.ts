import { Id, canonicalJson, type ConversationItem, type EventData } from '@countersign/contracts';
import { z } from 'zod';
import type { Tool } from './agent.js';

/** A call as the model wrote it: `arguments` is text and may be anything. */
export interface FunctionCall {
  call_id: string;
  name: string;
  arguments: string;
}

const FunctionCallItem = z.object({
  type: z.literal('function_call'),
  call_id: Id,
  name: z.string(),
  arguments: z.string(),
});
const MessageItem = z.object({
  type: z.literal('message'),
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() })),
});

export const userMessage = (content: string): ConversationItem => ({ type: 'message', role: 'user', content });

export const callOutput = (call_id: string, output: string): ConversationItem => ({
  type: 'function_call_output',
  call_id,
  output,
});

export const callsIn = (items: readonly ConversationItem[]): FunctionCall[] =>
  items.flatMap((item) => FunctionCallItem.safeParse(item).data ?? []);

/** A call without an id that can be answered would make every further request unacceptable, so it is not kept. */
export const withoutUnanswerable = (items: readonly ConversationItem[]): ConversationItem[] =>
  items.filter((item) => item.type !== 'function_call' || FunctionCallItem.safeParse(item).success);

export const textIn = (items: readonly ConversationItem[]): string =>
  items
    .flatMap((item) => MessageItem.safeParse(item).data?.content ?? [])
    .map((part) => part.text ?? part.refusal ?? '')
    .join('');

/** A call that can be made as it is. */
export interface CheckedCall {
  tool: Tool;
  tool_args: Record<string, unknown>;
}

/** The arguments of a call when the tool exists and they fit it, or else what to tell the model. */
export function checkCall(call: FunctionCall, tools: readonly Tool[]): CheckedCall | { complaint: string } {
  const tool = tools.find(({ name }) => name === call.name);
  if (!tool)
    return {
      complaint: `There is no tool "${call.name}". The tools are: ${tools.map(({ name }) => name).join(', ')}.`,
    };
  const parsed = parseJson(call.arguments);
  if (!parsed.ok)
    return { complaint: `The arguments of ${call.name} are not JSON. Nothing was done; correct the call.` };
  const checked = tool.parameters.safeParse(parsed.value);
  if (!checked.success) {
    return {
      complaint: `The arguments of ${call.name} do not fit. Nothing was done; correct the call.\n${z.prettifyError(checked.error)}`,
    };
  }
  return { tool, tool_args: checked.data };
}

/** What the model is told of a call that was not allowed: why, and not to try the same again. */
export function refusalOf({ status, resolved_by, resolution_data }: EventData<'approval.resolved'>): string {
  const note = resolution_data?.note;
  const why = {
    approved: '',
    rejected: `${resolved_by ?? 'A reviewer'} rejected it.${note ? ` Reason: ${note}` : ' No reason was given.'}`,
    expired: 'Nobody decided in time, so the request expired.',
    cancelled: 'The request was cancelled.',
  }[status];
  return `The call was NOT made. ${why} Do not propose the same call again unless you are asked to; tell the user what happened.`;
}

/** Only what has a canonical form too (RFC 8785), since what is approved is a digest of that. */
function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    const value: unknown = JSON.parse(text);
    canonicalJson(value);
    return { ok: true, value };
  } catch {
    return { ok: false };
  }
}
