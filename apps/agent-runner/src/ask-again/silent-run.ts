import type { Call, Run } from '@countersign/contracts/runs';
import { after, toEpochMillis, toEpochSeconds, type EpochMillis, type Millis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import { changed, ignored, touch } from '@countersign/persistence';
import { approvalRequired, isOpen } from '../run/call.js';
import type { RunTransition } from '../run/states.js';

/** What a run waits for of others: a decision, or what came of a call whose outcome is not known to be unknown. */
export const awaited = ({ status, calls }: Run): Call[] =>
  status === 'PAUSED'
    ? calls.filter((call) => isOpen(call) && call.tool_execution.approval_type !== null && call.unknown === null)
    : [];

/**
 * Whether nothing has happened to a run for so long that what it waits for is asked for again: after a while, and then
 * each time after twice as long, since most of what takes long is a person.
 */
export function isSilent(run: Run, afterMs: Millis, now: EpochMillis): boolean {
  const age = toEpochMillis(run.updated_at) - toEpochMillis(run.created_at);
  return awaited(run).length > 0 && after(toEpochMillis(run.updated_at), Math.max(afterMs, age)) <= now;
}

/**
 * Requests the approvals that it waits for once more, under the same ids. What was lost of a request, a decision or a result
 * comes again, since whoever knows more says it again; to anybody else it is a duplicate.
 */
export function askAgain(run: Run, agent: Agent, afterMs: Millis, now: EpochMillis): RunTransition {
  if (!isSilent(run, afterMs, now)) return ignored('it has heard something lately, or waits for nothing');
  const asked = touch(run, now, { updated_at: toEpochSeconds(now) });
  const events = awaited(run).map((call) => {
    const event = approvalRequired(asked, agent, asRequested(call), '');
    return { ...event, data: { ...event.data, repeated: true } } as typeof event;
  });
  return changed(asked, ...events);
}

/** With the arguments of the model, which were requested, where a person has approved others. */
const asRequested = (call: Call): Call =>
  call.proposed_args === null
    ? call
    : { ...call, tool_execution: { ...call.tool_execution, tool_args: call.proposed_args } };
