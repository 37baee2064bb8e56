import type { ConversationItem } from '@countersign/contracts/runs';
import { expect } from 'vitest';

/** The ids of calls that have no output yet. Every output answers a call before it. */
export function unanswered(items: readonly ConversationItem[]): string[] {
  const open: string[] = [];
  for (const { type, call_id } of items) {
    if (type === 'function_call') open.push(String(call_id));
    if (type !== 'function_call_output') continue;
    const at = open.indexOf(String(call_id));
    if (at < 0) throw new Error(`an output without a call: ${String(call_id)}`);
    open.splice(at, 1);
  }
  return open.toSorted();
}

/** The Responses API refuses a conversation in which a call has no output, or an output no call. */
export function checkConversation(items: readonly ConversationItem[]): void {
  expect(unanswered(items), 'every call is answered when the model is asked').toEqual([]);
}
