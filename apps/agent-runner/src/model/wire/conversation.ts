import type { ConversationItem } from '@countersign/contracts/runs';
import { isRecord } from './record.js';

/** In how plain a form a conversation is sent. A server that refuses one may take the next. */
export interface Form {
  /** Whether sealed reasoning is handed back. */
  reasoning: boolean;
  /** Whether calls keep the ids that the server gave them, or get short ones. */
  ids: 'theirs' | 'short';
  /** Who says what the runner has to say. */
  role: 'developer' | 'system';
}

export const fullForm: Form = { reasoning: true, ids: 'theirs', role: 'developer' };

/**
 * A conversation in a form that a provider accepts, whatever is stored of it: each call has one output, ids occur once,
 * arguments are objects, and reasoning stands right before what came of it. What was said before the last question is
 * sent without reasoning: it is not needed any more, and may be sealed for another organisation.
 *
 * @param isRefused says of sealed reasoning that it was refused before
 */
export function acceptable(
  conversation: readonly ConversationItem[],
  form: Form = fullForm,
  isRefused: (sealed: string) => boolean = () => false,
): ConversationItem[] {
  const question = conversation.findLastIndex(({ type, role }) => type === 'message' && role === 'user');
  const kept = conversation.flatMap((item, n) => {
    if (item.type !== 'reasoning') return cleaned(item, form);
    return form.reasoning && n > question && !isRefused(text(item['encrypted_content'])) ? sealed(item) : [];
  });
  return withReasoningPlaced(paired(kept, form));
}

function cleaned(item: ConversationItem, form: Form): ConversationItem[] {
  switch (item.type) {
    case 'message':
      return message(item, form);
    case 'function_call':
      return [call(item)];
    case 'function_call_output':
      return [{ type: item.type, call_id: item['call_id'], output: text(item['output']) }];
    default:
      return [];
  }
}

/** Parts that each role may say, and where their text is. */
const textIn: Record<string, string> = { output_text: 'text', refusal: 'refusal', input_text: 'text' };

function message({ role, content, phase }: ConversationItem, form: Form): ConversationItem[] {
  const speaker = typeof role === 'string' && isRole(role) ? role : 'assistant';
  const says = { type: 'message', role: speaker === 'developer' ? form.role : speaker };
  if (typeof content === 'string') return content === '' ? [] : [{ ...says, content: content.toWellFormed() }];
  const parts = (Array.isArray(content) ? content : []).flatMap((part: unknown) => {
    if (!isRecord(part)) return [];
    const field = textIn[text(part['type'])];
    const words = field === undefined ? '' : text(part[field]);
    if (words === '') return [];
    const type = speaker === 'assistant' ? (part['type'] === 'refusal' ? 'refusal' : 'output_text') : 'input_text';
    return [{ type, [type === 'refusal' ? 'refusal' : 'text']: words }];
  });
  if (parts.length === 0) return [];
  return [{ ...says, content: parts, ...(typeof phase === 'string' && { phase }) }];
}

const isRole = (role: string): boolean => ['user', 'assistant', 'system', 'developer'].includes(role);

function call({ name, arguments: args, call_id, provider_call_id }: ConversationItem): ConversationItem {
  const known = typeof name === 'string' ? name.replaceAll(/[^\w-]/g, '_').slice(0, 64) : '';
  return { type: 'function_call', call_id, provider_call_id, name: known || 'unnamed', arguments: objectText(args) };
}

/** What cannot be read was not made, and its output says so. */
function objectText(args: unknown): string {
  try {
    if (typeof args === 'string' && isRecord(JSON.parse(args))) return args.toWellFormed();
  } catch {
    // It is no JSON.
  }
  return '{}';
}

function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  return (typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed();
}

function sealed({ id, summary, encrypted_content }: ConversationItem): ConversationItem[] {
  if (typeof encrypted_content !== 'string' || encrypted_content === '') return [];
  const known = typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? { id } : {};
  return [{ type: 'reasoning', ...known, summary: Array.isArray(summary) ? summary : [], encrypted_content }];
}

const unanswered = 'Not answered: the conversation went on without an output of this call.';

/** Gives each call an id of its own and exactly one output, before anybody else says something. */
function paired(items: readonly ConversationItem[], { ids }: Form): ConversationItem[] {
  const used = new Set<string>();
  /** The ids on the wire of the calls that are open, by the ids under which they are stored. */
  const open = new Map<string, string[]>();
  const result: ConversationItem[] = [];
  const answerOpen = () => {
    for (const call_id of [...open.values()].flat())
      result.push({ type: 'function_call_output', call_id, output: unanswered });
    open.clear();
  };
  for (const { provider_call_id, ...item } of items) {
    const stored = text(item['call_id']);
    if (item.type === 'function_call') {
      const call_id = freshId(ids === 'short' ? '' : text(provider_call_id ?? item['call_id']), used);
      open.set(stored, [...(open.get(stored) ?? []), call_id]);
      result.push({ ...item, call_id });
    } else if (item.type === 'function_call_output') {
      const call_id = open.get(stored)?.shift();
      if (call_id !== undefined) result.push({ ...item, call_id });
    } else {
      if (item.type === 'message' && item['role'] !== 'assistant') answerOpen();
      result.push(item);
    }
  }
  answerOpen();
  return result;
}

function freshId(wanted: string, used: Set<string>): string {
  let id = wanted;
  for (let n = used.size; id === '' || used.has(id); n++) id = `call_${n}`;
  used.add(id);
  return id;
}

/** Without reasoning that nothing came of, and without what is there twice. */
function withReasoningPlaced(items: readonly ConversationItem[]): ConversationItem[] {
  const result: ConversationItem[] = [];
  for (const item of items.toReversed()) {
    const next = result.at(-1);
    const follows =
      next && (next['role'] === 'assistant' || next.type === 'function_call' || next.type === 'reasoning');
    if (item.type !== 'reasoning' || follows) result.push(item);
  }
  const seen = new Set<unknown>();
  return result.toReversed().filter(({ type, id, encrypted_content }) => {
    if (type !== 'reasoning') return true;
    const isNew = !seen.has(encrypted_content) && (id === undefined || !seen.has(id));
    seen.add(encrypted_content);
    if (id !== undefined) seen.add(id);
    return isNew;
  });
}
