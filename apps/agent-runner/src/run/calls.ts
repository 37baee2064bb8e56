import { emit, type NewEvent } from '@countersign/contracts';
import type { Call, Run } from '@countersign/contracts/runs';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, rejected, touch } from '@countersign/persistence';
import {
  answered,
  confirm,
  isForWorker,
  isOpen,
  openCalls,
  resolvedByCaller,
  shownTo,
  type CallerResolution,
} from './call.js';
import { callOutput, outcomeText } from './conversation.js';
import { who } from './event-data.js';
import { call, complete, log, rested, waiting, type RunTransition } from './states.js';

/** Whose turn it is once calls have changed: a worker's, that of people and executors, or the model's. */
export function continueIfComplete(run: Run, now: EpochMillis, ...events: readonly NewEvent[]): RunTransition {
  const isForPeople = run.calls.some(isOpen) && !run.calls.some(isForWorker);
  if (isForPeople && run.status !== 'PAUSED') {
    const paused = log(touch(run, now, { ...rested(run, now), status: 'PAUSED', due_at: run.deadline_at }), now, {
      type: 'paused',
    });
    return changed(paused, emit('run.paused', { ...who(run), requirements: shownTo(openCalls(run)) }), ...events);
  }
  if (run.asked && !run.calls.some(isOpen)) return changedAlso(complete(run, '', now), events);
  if (isForPeople || run.status !== 'PAUSED') return changed(run, ...events);
  const continued = log(touch(run, now, waiting(run, now)), now, { type: 'continued' });
  return changed(continued, emit('run.continued', who(run)), ...events);
}

const changedAlso = (next: RunTransition, events: readonly NewEvent[]): RunTransition =>
  next.kind === 'changed' ? changed(next.state, ...events, ...next.events) : next;

/** Changes one call that is not answered yet; a duplicate or a late message finds none. */
export function amend(run: Run, id: string, now: EpochMillis, change: (open: Call) => Call | undefined): RunTransition {
  const open = run.calls.find((each) => each.id === id);
  if (!open && run.calls.some(({ asked_before }) => asked_before.includes(id)))
    return ignored('the call was asked for again since');
  if (!open) return rejected('call_not_found', 'the run has no such call');
  if (!isOpen(open)) return ignored('the call is answered');
  const amended = change(open);
  return amended ? continueIfComplete(replace(run, amended, now), now) : ignored('this is known');
}

/** Puts the call in the place of what it was, and tells the model its output once it has one. */
export function replace(run: Run, next: Call, now: EpochMillis): Run {
  const before = call(run, next.id);
  const isLetThrough = next.state === 'ready' && before.state !== 'ready';
  const after = isLetThrough ? { ...next, ready_at: toEpochSeconds(now) } : next;
  const calls = run.calls.map((each) => (each === before ? after : each));
  const begun = isBegun(after) && !isBegun(before);
  const started = begun ? log({ ...run, calls }, now, { type: 'call_started', call: after.id }) : { ...run, calls };
  const { tool_call_id, result } = after.tool_execution;
  if (isOpen(after) || result === null) return touch(started, now, {});
  const items = after.asked_by === 'caller' ? run.items : [...run.items, callOutput(tool_call_id, outcomeText(after))];
  return log(touch(started, now, { items }), now, { type: 'call_ended', call: after.id });
}

/** Whoever makes the call may have begun. */
const isBegun = ({ state, made_by, confirmation }: Call): boolean =>
  state === 'started' || (made_by === 'executor' && confirmation === true);

/** An event of the executor implies that its call was approved, should `approval.resolved` still be on its way. */
export const executed = (call: Call, output: string, failed = false): Call =>
  answered(call.confirmation === null ? confirm(call, true, null) : call, output, failed);

export function resolveByCaller(run: Run, resolutions: readonly CallerResolution[], now: EpochMillis): RunTransition {
  let state = run;
  for (const resolution of resolutions) {
    const open = state.calls.find(({ id }) => id === resolution.id);
    if (!open) return rejected('call_not_found', `the run has no call ${resolution.id}`);
    if (open.tool_execution.approval_type !== null)
      return rejected(
        'decided_by_approval',
        `call ${resolution.id} is decided by its approval, not by the client that continues the run`,
      );
    const after = resolvedByCaller(open, resolution);
    if (after) state = replace(state, after, now);
  }
  return state === run ? ignored('nothing was resolved') : continueIfComplete(state, now);
}
