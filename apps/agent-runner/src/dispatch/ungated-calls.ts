import { emit, type NewEvent } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import type { Call, Run } from '@countersign/contracts/runs';
import { changed } from '@countersign/persistence';
import { resultDigest } from '@countersign/signing';
import { who } from '../run/event-data.js';
import type { RunTransition } from '../run/states.js';

/**
 * Says of the calls that nobody decides on that they begin and end, as the journal has it: those that are decided on
 * have events of their own. What is in them is not repeated, only its digests.
 */
export function tellingUngated(before: Run | undefined, next: RunTransition): RunTransition {
  if (next.kind !== 'changed') return next;
  const { journal, calls } = next.state;
  const events = journal.slice(before?.journal.length ?? 0).flatMap((entry): NewEvent[] => {
    if (entry.type !== 'call_started' && entry.type !== 'call_ended') return [];
    const call = calls.find(({ id }) => id === entry.call);
    return call && call.tool_execution.approval_type === null ? [eventOf(next.state, call, entry.type)] : [];
  });
  return events.length === 0 ? next : changed(next.state, ...next.events, ...events);
}

function eventOf(run: Run, call: Call, type: 'call_started' | 'call_ended'): NewEvent {
  const { tool_call_id, tool_name, result, tool_call_error } = call.tool_execution;
  const about = { ...who(run), tool_call_id, tool_name, digest: digestOf(run, call) };
  if (type === 'call_started') return emit('tool.call_started', about);
  const outcome = tool_call_error === true ? 'failed' : 'succeeded';
  return emit('tool.call_ended', { ...about, outcome, result_digest: resultDigest(result ?? '') });
}

/** A model may make arguments that have no canonical JSON. */
function digestOf({ run_id }: Run, { tool_execution: { tool_call_id, tool_name, tool_args } }: Call): string | null {
  try {
    return callDigest({ run_id, tool_call_id, tool_name, tool_args });
  } catch {
    return null;
  }
}
