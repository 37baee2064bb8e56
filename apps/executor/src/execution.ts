import {
  callDigest,
  emit,
  type Attempt,
  type Event,
  type EventData,
  type Execution,
  type Requirement,
} from '@countersign/contracts';
import { changed, ignored, rejected, type Transition } from '@countersign/persistence';

/**
 * The life of an execution.
 *
 * ```
 *  (approved) ──► queued ── claimed ──► running ──► succeeded | failed
 *        │          │                      │
 *        │          │                      └─ its worker is gone: outcome_unknown ── settled by a person ──► succeeded | failed
 *        │          └─ its run is over: cancelled
 *        └─ not the approved call: failed
 * ```
 *
 * A call is started once. When the worker dies while it runs, nobody knows what came of it, and it is not started again.
 * The end of its run takes back a call that has not been started, even one whose approval has not arrived; what runs
 * is left alone.
 */
export type ExecutionMessage =
  | { type: 'approved'; event: Event<'approval.resolved'>; refusal: string | null }
  /** The run is over and still waited for this; the approval of it may not have arrived yet. */
  | { type: 'cancelled'; event: EndOfRun; requirement: Requirement }
  | { type: 'claimed'; worker: string; lease_ms: number }
  | { type: 'lease_extended'; worker: string; lease_ms: number }
  | { type: 'succeeded'; worker: string; result: string }
  | { type: 'failed'; worker: string; error: string }
  | { type: 'lost'; worker: string; reason: string }
  | { type: 'due' }
  | { type: 'settled'; outcome: 'succeeded' | 'failed'; note: string };

export type EndOfRun = Event<'run.failed'> | Event<'run.cancelled'>;

export function decideExecution(
  execution: Execution | undefined,
  message: ExecutionMessage,
  now: number,
): Transition<Execution> {
  if (message.type === 'approved') {
    return execution ? ignored('the execution exists') : accept(message.event, message.refusal, now);
  }
  if (message.type === 'cancelled') return execution ? cancel(execution, message.event, now) : stillborn(message, now);
  if (!execution) return rejected('there is no such execution');

  switch (message.type) {
    case 'claimed':
      return execution.status === 'queued'
        ? start(execution, message.worker, message.lease_ms, now)
        : rejected(is(execution));
    case 'due':
      return execution.status === 'running' && isDue(execution, now)
        ? lose(execution, 'its worker stopped answering while the call was being made', now)
        : ignored(is(execution));
    case 'settled':
      return execution.status === 'outcome_unknown'
        ? settle(execution, message.outcome, message.note, now)
        : rejected(is(execution));
    default:
      return isHeldBy(execution, message.worker)
        ? finish(execution, message, now)
        : rejected(`${is(execution)}, not held by ${message.worker}`);
  }
}

type WorkerMessage = Extract<ExecutionMessage, { type: 'lease_extended' | 'succeeded' | 'failed' | 'lost' }>;

/** What only the worker of the running attempt may say. */
function finish(execution: Execution, message: WorkerMessage, now: number): Transition<Execution> {
  switch (message.type) {
    case 'lease_extended':
      return changed(touch(execution, now, leased(message.worker, message.lease_ms, now)));
    case 'succeeded':
      return succeed(ended(execution, 'succeeded', now), message.result);
    case 'failed':
      return fail(ended(execution, 'failed', now), message.error);
    case 'lost':
      return lose(execution, message.reason, now);
    default:
      return message satisfies never;
  }
}

/** Takes an approved call on, unless it is not the call that was approved or there is another reason to refuse it. */
function accept(
  { data, traceparent }: Event<'approval.resolved'>,
  refusal: string | null,
  now: number,
): Transition<Execution> {
  const { approval_id, resolved_by, digest } = data;
  const execution = queued({ ...data, id: approval_id, approved_by: resolved_by, traceparent }, now);
  const problem = callDigest(data) === digest ? refusal : 'the arguments are not the ones that were approved';
  return problem === null ? changed(execution) : fail({ ...execution, due_at: null }, `not executed: ${problem}`);
}

/** What is not begun, and never will be. Its run waits for nothing any more; the event is for who watches. */
function cancel(execution: Execution, event: EndOfRun, now: number): Transition<Execution> {
  if (execution.status !== 'queued') return ignored(is(execution));
  const cancelled = { ...touch(execution, now, {}), ...takenBack(event) };
  return changed(cancelled, emit('tool.execution_failed', { ...callOf(cancelled), error: cancelled.error }));
}

/** The run was over before the approval arrived: keep a record, so that the approval finds it void. */
function stillborn({ event, requirement }: Cancelled, now: number): Transition<Execution> {
  const { run_id } = event.data;
  const { tool_call_id, tool_name, tool_args, approval_id } = requirement.tool_execution;
  const call = { run_id, tool_call_id, tool_name, tool_args };
  const { redact } = requirement.tool_execution;
  const about = {
    id: approval_id ?? requirement.id,
    redact,
    digest: callDigest(call),
    approved_by: null,
    requester: event.data.user_id,
  };
  return changed({ ...queued({ ...call, ...about, traceparent: event.traceparent }, now), ...takenBack(event) });
}

type Cancelled = Extract<ExecutionMessage, { type: 'cancelled' }>;

const takenBack = ({ type }: EndOfRun) => ({
  status: 'cancelled' as const,
  error: `not executed: its run ${type === 'run.cancelled' ? 'was cancelled' : 'ended'}`,
  due_at: null,
});

type Approved = Pick<
  Execution,
  | 'id'
  | 'run_id'
  | 'tool_call_id'
  | 'tool_name'
  | 'tool_args'
  | 'redact'
  | 'digest'
  | 'approved_by'
  | 'requester'
  | 'traceparent'
>;

const queued = (approved: Approved, now: number): Execution => {
  const { id, run_id, tool_call_id, tool_name, tool_args, redact, digest, approved_by, requester, traceparent } =
    approved;
  return {
    id,
    run_id,
    tool_call_id,
    tool_name,
    tool_args,
    redact,
    digest,
    approved_by,
    requester,
    status: 'queued',
    attempts: [],
    result: null,
    error: null,
    note: null,
    lease: null,
    due_at: now,
    traceparent,
    version: 0,
    created_at: seconds(now),
    updated_at: seconds(now),
  };
};

function start(execution: Execution, worker: string, lease_ms: number, now: number): Transition<Execution> {
  const attempt: Attempt = {
    attempt: execution.attempts.length + 1,
    worker,
    started_at: seconds(now),
    ended_at: null,
    outcome: null,
  };
  const running = touch(execution, now, {
    ...leased(worker, lease_ms, now),
    status: 'running',
    attempts: [...execution.attempts, attempt],
  });
  return changed(running, emit('tool.execution_started', { ...callOf(running), worker }));
}

function lose(execution: Execution, reason: string, now: number): Transition<Execution> {
  const unknown: Execution = { ...ended(execution, 'outcome_unknown', now), status: 'outcome_unknown', error: reason };
  return changed(unknown, emit('tool.execution_outcome_unknown', { ...callOf(unknown), reason }));
}

function settle(
  execution: Execution,
  outcome: 'succeeded' | 'failed',
  note: string,
  now: number,
): Transition<Execution> {
  const settled = touch(execution, now, { note, error: null });
  const found = `A person looked into it and found that the call ${outcome}: ${note}`;
  return outcome === 'succeeded' ? succeed(settled, found) : fail(settled, found);
}

const succeed = (execution: Execution, result: string): Transition<Execution> =>
  changed(
    { ...execution, status: 'succeeded', result },
    emit('tool.execution_completed', { ...callOf(execution), result }),
  );

const fail = (execution: Execution, error: string): Transition<Execution> =>
  changed({ ...execution, status: 'failed', error }, emit('tool.execution_failed', { ...callOf(execution), error }));

/** The running attempt is over, in this way. */
function ended(execution: Execution, outcome: NonNullable<Attempt['outcome']>, now: number): Execution {
  const attempts = execution.attempts.map((attempt, n) =>
    n === execution.attempts.length - 1 ? { ...attempt, outcome, ended_at: seconds(now) } : attempt,
  );
  return touch(execution, now, { attempts, lease: null, due_at: null });
}

type CallOfExecution = Omit<EventData<'tool.execution_failed'>, 'error'>;

const callOf = ({ id, run_id, tool_call_id, tool_name, attempts }: Execution): CallOfExecution => ({
  run_id,
  approval_id: id,
  execution_id: id,
  tool_call_id,
  tool_name,
  attempt: attempts.length,
});

const is = ({ status }: Execution): string => `the execution is ${status}`;
const isDue = ({ due_at }: Execution, now: number): boolean => due_at !== null && due_at <= now;
const isHeldBy = ({ status, lease }: Execution, worker: string): boolean =>
  status === 'running' && lease?.worker === worker;
const seconds = (ms: number): number => Math.floor(ms / 1000);
const leased = (worker: string, lease_ms: number, now: number) => ({
  lease: { worker, expires_at: now + lease_ms },
  due_at: now + lease_ms,
});
const touch = (execution: Execution, now: number, change: Partial<Execution>): Execution => ({
  ...execution,
  ...change,
  updated_at: seconds(now),
});
