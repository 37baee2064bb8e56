import { emit } from '@countersign/contracts';
import { mayRetry, type Call, type ConversationItem, type Run } from '@countersign/contracts/runs';
import type { EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, rejected, touch } from '@countersign/persistence';
import { answered, isOpen, isUnsettled } from '../call.js';
import { developerMessage, outcomeText } from '../conversation.js';
import { who } from '../event-data.js';
import { log, waiting, type RunTransition } from '../states.js';

/**
 * Whoever may continue the run has it go on from its last step, with everything that was answered. Nothing is made
 * again: a run whose approved calls are not settled is not tried again before they are, and one that was cancelled never.
 */
export function retry(run: Run, deadline_at: EpochMillis | null, now: EpochMillis): RunTransition {
  if (run.asked) return rejected('run_over', 'calls are requested once: send a new request');
  if (run.status === 'PENDING' && run.waiting_since !== null) return changed(touch(run, now, waiting(run, now)));
  if (run.status === 'COMPLETED' || run.status === 'CANCELLED') return rejected('run_over', `the run is ${run.status}`);
  if (run.status !== 'ERROR') return ignored(`the run is ${run.status}`);
  if (!mayRetry(run.error_code)) return rejected('run_over', `a run that ended with ${run.error_code} is not retried`);
  const unsettled = run.calls.filter(isUnsettled);
  if (unsettled.length > 0)
    return rejected('calls_open', `calls are not settled: ${unsettled.map(({ id }) => id).join(', ')}`);
  const calls = run.calls.map((call) => (isOpen(call) ? answered(call, endedBefore, true) : call));
  const ready = touch({ ...run, calls }, now, {
    ...waiting({ ...run, deadline_at }, now),
    deadline_at,
    items: [...run.items, ...missingOutputs({ ...run, calls })],
    error: null,
    error_code: null,
    failures: 0,
    finished_at: null,
    unsettled: false,
    // Its place in the session may be another's by now.
    turn: null,
  });
  return changed(log(ready, now, { type: 'continued' }), emit('run.continued', who(run)));
}

const endedBefore =
  'Not answered: the run ended before that. Whether the call was made is not known; it is not made again.';

/** What came of calls after the run had ended: their outputs say only that it ended. */
function missingOutputs({ items, calls }: Run): ConversationItem[] {
  const outputs = new Set(items.map(({ type, call_id, output }) => `${type} ${String(call_id)} ${String(output)}`));
  const missing = calls.filter(
    (call) => !outputs.has(`function_call_output ${call.tool_execution.tool_call_id} ${outcomeText(call)}`),
  );
  return missing.length === 0 ? [] : [developerMessage(['The run goes on.', ...missing.map(lineOn)].join('\n\n'))];
}

const lineOn = ({ tool_execution: { tool_call_id, tool_name, result } }: Call): string =>
  `What came of call ${tool_call_id} of ${tool_name} after the run had ended: ${result}`;
