import { Id, type EventData } from '@countersign/contracts';
import { parseStrictJson } from '@countersign/contracts/json';
import type { Call, ConversationItem } from '@countersign/contracts/runs';
import type { ToolDefinition } from '@countersign/definitions';
import { argumentProblems } from '@countersign/definitions/templates';
import { z } from 'zod';
import { modelParameters } from '../model/model-parameters.js';

/** A call as the model wrote it: `arguments` is text and may be anything. */
export interface FunctionCall {
  call_id: string;
  name: string;
  arguments: string;
  /** Why the arguments cannot be used. */
  unusable?: string | undefined;
}

const FunctionCallItem = z.object({
  type: z.literal('function_call'),
  call_id: Id,
  name: z.string(),
  arguments: z.string(),
  unusable: z.string().optional(),
});
const MessageItem = z.object({
  type: z.literal('message'),
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() })),
});

export const userMessage = (content: string): ConversationItem => ({ type: 'message', role: 'user', content });

/** What the runner itself has to say to the model. */
export const developerMessage = (content: string): ConversationItem => ({
  type: 'message',
  role: 'developer',
  content,
});

export const callOutput = (call_id: string, output: string): ConversationItem => ({
  type: 'function_call_output',
  call_id,
  output,
});

export const callsIn = (items: readonly ConversationItem[]): FunctionCall[] =>
  items.flatMap((item) => FunctionCallItem.safeParse(item).data ?? []);

const partsIn = (items: readonly ConversationItem[]) =>
  items.flatMap((item) => (item['role'] === 'user' ? [] : (MessageItem.safeParse(item).data?.content ?? [])));

export const textIn = (items: readonly ConversationItem[]): string =>
  partsIn(items)
    .map((part) => part.text ?? '')
    .join('');

export const refusalIn = (items: readonly ConversationItem[]): string =>
  partsIn(items)
    .map((part) => part.refusal ?? '')
    .join('');

/** Answers the calls that have no output, so that the items can be sent again; a server refuses a call left open. */
export function withEveryCallAnswered(items: readonly ConversationItem[], output: string): ConversationItem[] {
  const open = new Map<string, number>();
  for (const item of items) {
    const id = String(item['call_id']);
    if (item.type === 'function_call') open.set(id, (open.get(id) ?? 0) + 1);
    if (item.type === 'function_call_output') open.set(id, (open.get(id) ?? 0) - 1);
  }
  const missing = [...open].flatMap(([id, count]) => Array.from({ length: count }, () => callOutput(id, output)));
  return missing.length === 0 ? [...items] : [...items, ...missing];
}

/** A call that can be made as it is, or once a person has filled in the rest. */
export interface CheckedCall {
  tool: ToolDefinition;
  tool_args: Record<string, unknown>;
}

/** The arguments of a call when the tool exists and they fit it, or else what to tell the model. */
export function checkCall(call: FunctionCall, tools: readonly ToolDefinition[]): CheckedCall | { complaint: string } {
  const tool = tools.find(({ name }) => name === call.name);
  if (!tool)
    return {
      complaint: `There is no tool "${call.name.slice(0, 100)}". The tools are: ${tools.map(({ name }) => name).join(', ')}.`,
    };
  if (call.unusable !== undefined)
    return {
      complaint: `The arguments of ${call.name} cannot be used. Nothing was done; correct the call.\n${call.unusable}`,
    };
  const parsed = parseStrictJson(call.arguments);
  if (!parsed.ok) {
    const { path, message } = parsed.problem;
    const where = path === '' ? 'the arguments' : path;
    return {
      complaint: `The arguments of ${call.name} cannot be used. Nothing was done; correct the call.\n${where}: ${message}`,
    };
  }
  const problems = misfitsOf(tool, parsed.value);
  if (problems.length > 0) {
    return {
      complaint: `The arguments of ${call.name} do not fit. Nothing was done; correct the call.\n${problems.join('\n')}`,
    };
  }
  return { tool, tool_args: parsed.value as Record<string, unknown> };
}

/** What is wrong with the arguments of a call, as whoever asks for it gives them. */
export const misfitsOf = (tool: ToolDefinition, args: unknown): string[] => [
  ...argumentProblems(modelParameters(tool), args),
  ...presumed(tool, args),
];

/** A model may guess the name of a field that it does not know. */
const presumed = ({ requires, user_input }: ToolDefinition, args: unknown): string[] =>
  Object.keys(Object(args) as object)
    .filter((name) => requires === 'user_input' && user_input.includes(name))
    .map((name) => `${name}: is filled in by a person, leave it out`);

/** The input after an answer without text or call. */
export const nudges = {
  cutOffCall: 'Your answer broke off, so this call was not made. Call again if it is still needed.',
  empty: 'Your answer was empty. Answer the user, or call a tool.',
  refused: 'You declined. If there is a part that you can do, do it; if there is none, tell the user so and why.',
  cutOff: (why: string) =>
    why === 'content_filter'
      ? 'Your answer was withheld by a content filter (content_filter). Nothing of it was used. Answer again in other words, or tell the user what you cannot say.'
      : `Your answer broke off (${why}). Nothing of it was used. Answer again, and shorter.`,
};

/** The output of a call that was not allowed: why, and not to retry it. */
export function refusalOf({
  status,
  resolved_by,
  resolution_data,
}: Pick<EventData<'approval.resolved'>, 'status' | 'resolved_by' | 'resolution_data'>): string {
  const note = resolution_data?.note;
  const why = {
    approved: '',
    rejected: `${resolved_by ?? 'A reviewer'} rejected it.${note ? ` Reason: ${note}` : ' No reason was given.'}`,
    expired: 'No decision in time, so the request expired.',
    cancelled: 'The request was cancelled.',
  }[status];
  return `The call was NOT made. ${why} Do not propose the same call again unless you are asked to; tell the user what happened.`;
}

export const failureOf = (error: string): string =>
  `The call was made and failed: ${error}\nTell the user; do not try the same call again unless you are asked to.`;

/** An approved call that its executor reported as failed. */
export const executionFailureOf = ({ asked_by }: Call, error: string): string =>
  asked_by === 'caller'
    ? error
    : `The call was approved but failed: ${error}\nTell the user; do not try the same call again unless you are asked to.`;

/** The outcome of the call is unknown, and it is not made again. */
export const unknownOutcome =
  'It is UNKNOWN whether this call was made: what was making it stopped before it could say. It is not made again. Do not propose it again; tell the user to find out what happened.';

/** The output of a call for the model: truncated to its limit, after what a person changed. */
export function outputFor({ asked_by, proposed_args, tool_execution, max_output }: Call, output: string): string {
  const cut = truncate(output, max_output);
  const changes = proposed_args === null || asked_by === 'caller' ? [] : changesBetween(proposed_args, tool_execution);
  if (changes.length === 0) return cut;
  return `A person changed the arguments before this: ${changes.join('; ')}. That is what counts, not what you proposed; do not propose the earlier arguments again.\n\n${cut}`;
}

/** The output of an answered call for the model: the note of whoever approved it, then its result. */
export function outcomeText({
  confirmation,
  confirmation_note,
  tool_execution: { approval_type, result },
}: Call): string {
  const isNoted = confirmation === true && approval_type !== null && Boolean(confirmation_note);
  return isNoted ? `Whoever approved it noted: ${confirmation_note}\n\n${result}` : String(result);
}

function changesBetween(before: Record<string, unknown>, { tool_args, redact }: Call['tool_execution']): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(tool_args)])];
  const show = (name: string, value: unknown) =>
    redact.includes(name) ? 'a value you may not see' : JSON.stringify(value);
  return names.flatMap((name) => {
    if (!(name in before)) return `${name} was filled in with ${show(name, tool_args[name])}`;
    if (!(name in tool_args)) return `${name} was left out`;
    if (JSON.stringify(before[name]) === JSON.stringify(tool_args[name])) return [];
    return `${name} was ${show(name, before[name])} and is ${show(name, tool_args[name])}`;
  });
}

/** Keeps the beginning and the end, where most outputs say what matters. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = text.slice(0, Math.ceil(max / 2));
  const tail = text.slice(text.length - Math.floor(max / 2));
  return `${head}\n[${text.length - max} characters are left out here]\n${tail}`.toWellFormed();
}
