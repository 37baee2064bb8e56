import { approvalId, emit, type Event } from '@countersign/contracts';
import type { Call, Run } from '@countersign/contracts/runs';
import type { EpochMillis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import { changed, touch } from '@countersign/persistence';
import { approvalRequired, isOpen, openCalls, shownTo } from '../call.js';
import { amend } from '../calls.js';
import { who } from '../event-data.js';
import { log, type RunTransition } from '../states.js';

/** An approved call would do something else by now, so it was not made: people are asked again, and the model is not told. */
export function askAgain(
  run: Run,
  agent: Agent,
  { data }: Event<'tool.execution_failed'>,
  now: EpochMillis,
): RunTransition {
  const former = run.calls.find(({ id }) => id === data.approval_id);
  if (!former || !isOpen(former)) return amend(run, data.approval_id, now, () => undefined);
  const anew = askedAnew(run.run_id, former);
  const calls = run.calls.map((each) => (each === former ? anew : each));
  const journal = run.journal.map((entry) => (entry.call === former.id ? { ...entry, call: anew.id } : entry));
  const asked = touch(run, now, { calls, journal });
  const request = approvalRequired(asked, agent, anew, '');
  if (run.status !== 'PAUSED') return changed(asked, request);
  const requirements = shownTo(openCalls(asked));
  return changed(log(asked, now, { type: 'paused' }), emit('run.paused', { ...who(asked), requirements }), request);
}

/**
 * The call as the model requested it, under another id: what was approved of it was not made, and never will be by that
 * approval.
 */
function askedAnew(runId: string, call: Call): Call {
  const id = approvalId(runId, call.id);
  const undecided = {
    confirmation: null,
    confirmation_note: null,
    proposed_args: null,
    resolved_by: null,
    ready_at: null,
  };
  const { tool_execution } = asRequested(call);
  return {
    ...call,
    ...undecided,
    id,
    unknown: null,
    state: 'asked',
    asked_before: [...call.asked_before, call.id],
    tool_execution: { ...tool_execution, approval_id: id, confirmed: null, confirmation_note: null },
  };
}

/** With the arguments of the model, which were requested, where a person has approved others. */
export const asRequested = (call: Call): Call =>
  call.proposed_args === null
    ? call
    : { ...call, tool_execution: { ...call.tool_execution, tool_args: call.proposed_args } };
