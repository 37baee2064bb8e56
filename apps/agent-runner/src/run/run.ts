import { emit, queueOwner, type Event } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { isFinishedStatus, isGated, type Call, type Run } from '@countersign/contracts/runs';
import { toEpochSeconds, type EpochMillis, sentAtTheEarliest } from '@countersign/contracts/time';
import { changed, ignored, newRecord, rejected, touch } from '@countersign/persistence';
import {
  answered,
  approvalRequired,
  isForWorker,
  isOpen,
  isUnsettled,
  newCall,
  openCalls,
  outcomeUnknown,
  resolvedByApproval,
  resolvedLate,
} from './call.js';
import { executionFailureOf, unknownOutcome, userMessage } from './conversation.js';
import { askAgain } from './failures/asked-again.js';
import { amend, executed, replace, resolveByCaller, continueIfComplete } from './calls.js';
import { who } from './event-data.js';
import type { RunMessage, RunRequest } from './messages.js';
import { modelFailed, wait } from './failures/model-failed.js';
import { retry } from './failures/retry.js';
import { call, endOf, fail, idle, leased, log, over, rested, waiting, type RunTransition } from './states.js';
import { take } from './turn.js';
import { resendRequests, resendEnd } from '../resend/silent-run.js';

/**
 * The life of a run.
 *
 * ```
 *            claimed             only people and executors can go on
 *  PENDING ──────────► RUNNING ─────────────────────────────────────► PAUSED
 *     ▲                 │  │ │                                           │
 *     ├─ failed, later ─┘  │ └─ failed for good, or out of its limits ─► ERROR
 *     │                    └─ answered ───────────► COMPLETED            │     cancelled, in any of them ─► CANCELLED
 *     ├──────────────── a call may be made, or all are answered ─────────┘
 *     └──────────────── tried again, once its calls are settled ───────── ERROR
 * ```
 *
 * RUNNING is held under a lease by one worker; when the lease runs out any worker may claim the run again, and what the
 * old one still sends is refused. The model is called only when every call of its last turn is answered.
 */
export function decideRun(run: Run | undefined, message: RunMessage, now: EpochMillis): RunTransition {
  if (message.type === 'requested') return run ? ignored('the run exists') : request(message, now);
  if (message.type === 'calls_requested') return run ? ignored('the run exists') : requestCalls(message, now);
  if (!run) return rejected('run_not_found', 'there is no such run');
  if (message.type === 'retry_requested') return retry(run, message.deadline_at, now);
  if (isFinishedStatus(run.status)) return report(run, message, now);

  switch (message.type) {
    case 'claimed':
      return claim(run, message, now);
    case 'turn_came':
      return run.status === 'PENDING' && run.turn === null
        ? changed(touch(run, now, waiting(run, now)))
        : ignored('the run does not wait for its turn');
    case 'resend_due':
      return message.agent ? resendRequests(run, message.agent, message, now) : ignored('the run is not over');
    case 'never_published':
      return neverPublished(run, message, now);
    case 'watched':
      return run.streamed ? ignored('it is watched') : changed(touch(run, now, { streamed: true }));
    case 'resolved_by_caller':
      return resolveByCaller(run, message.resolutions, now);
    case 'cancel_requested':
      return cancel(run, message.reason, now);
    case 'approval.resolved':
      return decided(run, message, now, resolvedByApproval);
    case 'resolved_late':
      return decided(run, message.event, now, resolvedLate);
    case 'tool.execution_completed':
      return amend(run, message.data.approval_id, now, (call) => executed(call, message.data.result));
    case 'tool.execution_failed':
      return amend(run, message.data.approval_id, now, (call) =>
        executed(call, executionFailureOf(call, message.data.error), true),
      );
    case 'preview_changed':
      return message.agent ? askAgain(run, message.agent, message.event, now) : decideRun(run, message.event, now);
    case 'tool.execution_outcome_unknown':
      return amend(run, message.data.approval_id, now, (call) =>
        outcomeUnknown(call, message.data, toEpochSeconds(now)),
      );
    default:
      return isHeldBy(run, message.worker)
        ? work(run, message, now)
        : rejected('lease_lost', 'another worker holds this run');
  }
}

function decided(
  run: Run,
  { data }: Event<'approval.resolved'>,
  now: EpochMillis,
  resolve: typeof resolvedByApproval,
): RunTransition {
  return data.digest === callDigest(data)
    ? amend(run, data.approval_id, now, (call) => resolve(call, data))
    : rejected('arguments_changed', 'the arguments are not the ones that were approved');
}

type WorkMessage = Exclude<Extract<RunMessage, { worker: string }>, { type: 'claimed' }>;

/** What only the worker that holds the run may say. */
function work(run: Run, message: WorkMessage, now: EpochMillis): RunTransition {
  switch (message.type) {
    case 'lease_extended':
      return isLate(run, now)
        ? fail(run, deadlinePassed, now, 'deadline_passed')
        : changed(touch(run, now, leased(message.worker, message.lease_ms, now)));
    case 'released':
      return changed(touch(run, now, waiting(run, now)));
    case 'postponed':
      return changed(wait(run, now, message.until, message.code ?? 'agent_incomplete', message.reason));
    case 'model_responded':
      if (message.step !== undefined && message.step !== run.steps) return ignored('this answer is known');
      return run.calls.some(isOpen)
        ? rejected('calls_open', 'calls of its last turn are open')
        : take(run, message, now);
    case 'model_failed':
      return modelFailed(run, message, now);
    case 'call_started':
      return amend(run, message.call, now, (call) =>
        call.state === 'ready' ? { ...call, state: 'started' } : undefined,
      );
    case 'call_ended':
      return amend(run, message.call, now, (call) =>
        isForWorker(call) ? answered(call, message.output, message.failed) : undefined,
      );
    default:
      return message satisfies never;
  }
}

function request(
  { run: wanted, forgets }: Extract<RunMessage, { type: 'requested' }>,
  now: EpochMillis,
): RunTransition {
  const run = newRun(wanted, now, forgets);
  return changed(run, emit('run.started', { ...who(run), input: run.run_input }));
}

/** They wait at once: there is nothing that a worker has to do before. */
function requestCalls(
  { run: wanted, asked, agent, calls, forgets }: Extract<RunMessage, { type: 'calls_requested' }>,
  now: EpochMillis,
): RunTransition {
  const begun: Run = { ...newRun(wanted, now, forgets), items: [], asked, agent_version: agent.version };
  const requested = calls.reduce((run: Run, { tool_call_id, ...checked }) => {
    return { ...run, calls: [...run.calls, newCall(run, tool_call_id, checked, 'caller')] };
  }, begun);
  const started = emit('run.started', { ...who(begun), input: begun.run_input });
  const waiting = continueIfComplete(
    requested,
    now,
    ...requested.calls.map((each) => approvalRequired(requested, agent, each, '')),
  );
  return waiting.kind === 'changed' ? changed(waiting.state, started, ...waiting.events) : waiting;
}

/** Where there may have been another run of its id, its calls have other ids than those of that one. */
function newRun({ run_input, is_named = false, ...request }: RunRequest, now: EpochMillis, forgets = false): Run {
  const at = toEpochSeconds(now);
  return {
    ...request,
    requested_at: request.requested_at === undefined ? at : sentAtTheEarliest(request.requested_at, at),
    queue_owner: queueOwner(request.user_id, request.requested_by),
    ...newRecord(now),
    ...idle,
    status: 'PENDING',
    due_at: now,
    traceparent: request.traceparent,
    tracestate: request.tracestate,
    run_input,
    content: null,
    error: null,
    error_code: null,
    waiting_since: null,
    calls: [],
    steps: 0,
    failures: 0,
    usage: { input_tokens: 0, output_tokens: 0 },
    items: [userMessage(run_input)],
    journal: [{ at, type: 'started' }],
    agent_version: null,
    turn: null,
    worked_ms: 0,
    finished_at: null,
    unsettled: false,
    asked: null,
    set_back_at: is_named && forgets ? at : null,
  };
}

/**
 * A gated call that was started and not seen to end, or that may have been before the store was restored, is not made again: the
 * model is informed that its outcome is unknown.
 */
function claim(
  run: Run,
  { worker, lease_ms, records_since }: Extract<RunMessage, { type: 'claimed' }>,
  now: EpochMillis,
): RunTransition {
  if (run.due_at === null || run.due_at > now) return rejected('not_due', `nothing is due, the run is ${run.status}`);
  if (isLate(run, now)) return fail(run, deadlinePassed, now, 'deadline_passed');
  const isForgotten = (each: Call) =>
    each.state === 'ready' && isGated(each) && (each.ready_at ?? run.created_at) < (records_since ?? 0);
  const interrupted = run.calls.filter((each) => each.state === 'started' || isForgotten(each));
  const known = interrupted.reduce(
    (state, { id }) => replace(state, answered(call(state, id), unknownOutcome, true), now),
    run,
  );
  const began_at = run.requested_at ?? run.created_at;
  const set_back_at = began_at < (records_since ?? 0) ? records_since! : run.set_back_at;
  return continueIfComplete(
    touch(known, now, { ...rested(run, now), ...leased(worker, lease_ms, now), working_since_ms: now, set_back_at }),
    now,
  );
}

function cancel(run: Run, reason: string | null, now: EpochMillis): RunTransition {
  const ended = over(run, 'CANCELLED', now, { error: reason ?? 'cancelled' });
  return changed(ended, endOf(ended, reason, openCalls(ended)));
}

/** What it waits for was requested of nobody, so it ends; a call that was never requested is answered so, and is not waited for. */
function neverPublished(
  run: Run,
  { event, call: id, reason }: Extract<RunMessage, { type: 'never_published' }>,
  now: EpochMillis,
): RunTransition {
  const open = run.calls.find((each) => each.id === id && isOpen(each));
  if (!open) return ignored('the run does not wait for it');
  const error = `The log never takes ${event} for ${open.tool_execution.tool_name}: ${reason}`;
  return fail(replace(run, answered(open, error, true), now), error, now, 'not_publishable');
}

/**
 * A run that is over accepts only the outcome of a call that was under way, also an unknown one, and how a call was decided where
 * it has asked for that.
 */
function report(run: Run, message: RunMessage, now: EpochMillis): RunTransition {
  if (message.type === 'resend_due') return resendEnd(run, message, now);
  const { call: id, change } = reportIn(run, message, now) ?? {};
  const open = run.calls.find((call) => call.id === id && isOpen(call));
  const after = open && change?.(open);
  if (!open || !after) return ignored(`the run is ${run.status}`);
  const calls = run.calls.map((each) => (each === open ? after : each));
  const reported = touch(run, now, { calls, unsettled: calls.some(isUnsettled) });
  return changed(isOpen(after) ? reported : log(reported, now, { type: 'call_ended', call: open.id }));
}

type Report = { call: string; change(open: Call): Call | undefined };

function reportIn(run: Run, message: RunMessage, now: EpochMillis): Report | undefined {
  switch (message.type) {
    case 'call_ended':
      return { call: message.call, change: (open) => answered(open, message.output, message.failed) };
    case 'tool.execution_completed':
      return { call: message.data.approval_id, change: (open) => answered(open, message.data.result) };
    case 'tool.execution_failed':
      return {
        call: message.data.approval_id,
        change: (open) => answered(open, executionFailureOf(open, message.data.error), true),
      };
    case 'preview_changed':
      return reportIn(run, message.event, now);
    case 'tool.execution_outcome_unknown':
      return {
        call: message.data.approval_id,
        change: (open) => outcomeUnknown(open, message.data, toEpochSeconds(now)),
      };
    case 'approval.resolved':
      return decisionIn(run, message, resolvedByApproval);
    case 'resolved_late':
      return decisionIn(run, message.event, resolvedLate);
    default:
      return undefined;
  }
}

/**
 * Nobody makes the call any more but an executor that has begun. A run that failed hears of each that is settled by its
 * decision, since it may be tried again once all of them are.
 */
function decisionIn(
  { status, asked }: Run,
  { data }: Event<'approval.resolved'>,
  resolve: typeof resolvedByApproval,
): Report | undefined {
  const settles = data.status !== 'approved' || data.resolution_data?.result !== undefined;
  const isHeard = data.repeated || ((status === 'ERROR' || asked !== null) && settles);
  if (!isHeard || data.digest !== callDigest(data)) return undefined;
  const change = (open: Call) => {
    const after = resolve(open, data);
    return after && isForWorker(after) ? { ...after, state: open.state } : after;
  };
  return { call: data.approval_id, change };
}

const deadlinePassed = 'the deadline of the run has passed';
const isLate = ({ deadline_at }: Run, now: EpochMillis): boolean => deadline_at !== null && deadline_at <= now;

const isHeldBy = ({ status, lease }: Run, worker: string): boolean => status === 'RUNNING' && lease?.worker === worker;
