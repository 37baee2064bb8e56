import { callDigest } from '@countersign/contracts/calls';
import { Execution } from '@countersign/contracts/executions';
import { after } from '@countersign/contracts/time';
import { goldenEvent } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import {
  approved,
  cancelled,
  claimed,
  continued,
  due,
  ended,
  executionAfter,
  extended,
  failed,
  failedForNow,
  idempotent,
  lease_ms,
  lost,
  now,
  nowSeconds,
  requirementWith,
  retriedAnyway,
  runCancelled,
  settled,
  succeeded,
  worker,
} from '../../test/execution.fixtures.js';
import { decideExecution } from './execution.js';
import type { ExecutionMessage } from './messages.js';

const outcome = (execution: Execution | undefined, message: ExecutionMessage, at = now) => {
  const transition = decideExecution(execution, message, at);
  if (transition.kind !== 'changed') throw new Error(transition.reason);
  return transition;
};

describe('an approved call', () => {
  it('is queued, due at once, exactly as it was approved', () => {
    const { data, traceparent } = goldenEvent('approval.resolved');
    const execution = executionAfter(approved());
    expect(Execution.parse(execution)).toEqual(execution);
    expect(execution).toMatchObject({
      id: data.approval_id,
      tool_args: data.tool_args,
      digest: data.digest,
      approved_by: 'bob',
      attempts: [],
      due_at: now,
      traceparent,
    });
  });

  const { data } = goldenEvent('approval.resolved');
  it.each([
    ['another argument', { tool_args: { ...data.tool_args, version: '2.1.1' } }],
    ['one argument more', { tool_args: { ...data.tool_args, force: true } }],
    ['another tool', { tool_name: 'drop_database' }],
    ['another call', { tool_call_id: 'call_other' }],
    ['another run', { run_id: 'run-other' }],
    ['another digest', { digest: callDigest({ ...data, tool_args: {} }) }],
  ])('is never begun when it has %s', (_, change) => {
    const { state, events } = outcome(undefined, approved({ data: change }));
    const error = 'not executed: the arguments are not the approved ones';
    expect(state).toMatchObject({ status: 'failed', error, due_at: null, attempts: [] });
    expect(events).toMatchObject([{ type: 'tool.execution_failed', data: { error, attempt: 0 } }]);
    expect(decideExecution(state, claimed, now)).toEqual({
      kind: 'rejected',
      code: 'wrong_execution_state',
      reason: 'the execution is failed',
    });
  });

  it('is never begun when this executor refuses it, and says why', () => {
    const { state, events } = outcome(undefined, approved({ refusal: 'this executor has no tool "x"' }));
    expect(state).toMatchObject({ status: 'failed', due_at: null });
    expect(events).toMatchObject([{ data: { error: 'not executed: this executor has no tool "x"' } }]);
  });
});

describe('an execution whose run is over', () => {
  it.each([
    ['was cancelled', cancelled],
    ['ended', ended],
  ] as const)('is taken back while it is queued: its run %s', (how, message) => {
    const { state, events } = outcome(executionAfter(approved()), message);
    const error = `not executed: its run ${how}`;
    expect(Execution.parse(state)).toEqual(state);
    expect(state).toMatchObject({ status: 'cancelled', error, due_at: null, lease: null, attempts: [] });
    expect(events).toMatchObject([
      { type: 'tool.execution_failed', data: { error, attempt: 0, execution_id: state.id, approval_id: state.id } },
    ]);
    expect(decideExecution(state, claimed, now)).toEqual({
      kind: 'rejected',
      code: 'wrong_execution_state',
      reason: 'the execution is cancelled',
    });
  });

  it('is void from the start when its approval comes later, and nothing is published of what never was', () => {
    const { state, events } = outcome(undefined, cancelled);
    const { data, traceparent } = goldenEvent('approval.resolved');
    expect(Execution.parse(state)).toEqual(state);
    expect(state).toMatchObject({
      id: data.approval_id,
      run_id: data.run_id,
      tool_call_id: data.tool_call_id,
      tool_name: data.tool_name,
      tool_args: data.tool_args,
      digest: data.digest,
      status: 'cancelled',
      approved_by: null,
      due_at: null,
      traceparent,
    });
    expect(events).toEqual([]);
    expect(decideExecution(state, approved(), now)).toEqual({ kind: 'ignored', reason: 'the execution exists' });
  });

  it('shows in a void record the arguments as the event of the end had them', () => {
    const tool_args = { service_name: 'auth-service', version: '[redacted]' };
    const requirement = requirementWith({ redact: ['version'], tool_args });
    expect(outcome(undefined, { type: 'cancelled', event: runCancelled, requirement }).state).toMatchObject({
      tool_args,
    });
  });

  it('goes on when it runs, and ends as its worker says', () => {
    const withdrawn = executionAfter(approved(), claimed, cancelled);
    expect(withdrawn).toMatchObject({ status: 'running', withdrawn: 'its run was cancelled' });
    expect(decideExecution(withdrawn, cancelled, now)).toEqual({ kind: 'ignored', reason: 'the execution is running' });
    expect(outcome(withdrawn, succeeded).state).toMatchObject({ status: 'succeeded' });
  });

  it('is not tried again, whatever its tool promises and whoever asks', () => {
    const lostAfter = executionAfter(idempotent, claimed, cancelled, lost);
    expect(lostAfter).toMatchObject({ status: 'outcome_unknown' });
    expect(decideExecution(lostAfter, retriedAnyway, now)).toEqual({
      kind: 'rejected',
      code: 'execution_withdrawn',
      reason: 'its run was cancelled, so the call is not needed any more',
    });
    expect(executionAfter(approved(), claimed, cancelled, failedForNow)).toMatchObject({ status: 'failed' });
  });
});

describe('an execution that is claimed', () => {
  it('begins its first attempt, under a lease', () => {
    const { state, events } = outcome(executionAfter(approved()), claimed);
    expect(state).toMatchObject({
      lease: { worker, expires_at: now + lease_ms },
      due_at: now + lease_ms,
      attempts: [{ attempt: 1, worker, started_at: nowSeconds, ended_at: null, outcome: null }],
    });
    expect(events).toMatchObject([{ data: { attempt: 1, worker, execution_id: state.id, approval_id: state.id } }]);
  });

  it('keeps its lease for as long as its worker extends it', () => {
    const running = continued(executionAfter(approved(), claimed), after(now, 20_000), extended);
    expect(running).toMatchObject({ lease: { expires_at: now + 50_000 }, due_at: now + 50_000 });
    expect(decideExecution(running, due, after(now, 49_999)).kind).toBe('ignored');
    expect(decideExecution(running, due, after(now, 50_000)).kind).toBe('changed');
  });

  it.each([
    [succeeded, { status: 'succeeded', result: 'Deployed.', error: null }, { result: 'Deployed.' }],
    [failed, { status: 'failed', result: null, error: 'exit code 1' }, { error: 'exit code 1' }],
    [lost, { status: 'outcome_unknown', result: null, error: 'ended by SIGKILL' }, { reason: 'ended by SIGKILL' }],
  ] as const)('ends as its worker says: $type', (message, record, data) => {
    const { state, events } = outcome(executionAfter(approved(), claimed), message, after(now, 9_000));
    expect(Execution.parse(state)).toEqual(state);
    expect(state).toMatchObject({ ...record, lease: null, due_at: null });
    expect(state.attempts).toEqual([
      {
        attempt: 1,
        begun: true,
        made_by: 'worker',
        worker,
        reported_by: null,
        started_at: nowSeconds,
        ended_at: nowSeconds + 9,
        outcome: record.status,
        reason: record.error,
        late_report: null,
      },
    ]);
    expect(events).toMatchObject([{ data: { ...data, attempt: 1 } }]);
  });
});

describe('an execution whose worker is gone', () => {
  const unknown = continued(executionAfter(approved(), claimed), after(now, lease_ms), due);

  it('is not made again: nobody knows what came of it', () => {
    expect(unknown).toMatchObject({
      status: 'outcome_unknown',
      error: 'its worker stopped answering while the call was being made',
      due_at: null,
      attempts: [{ outcome: 'outcome_unknown' }],
    });
    expect(decideExecution(unknown, claimed, after(now, lease_ms)).kind).toBe('rejected');
  });

  it('no longer listens to that worker, but keeps what it says for whoever has to find out', () => {
    const { state, events } = outcome(unknown, succeeded, after(now, lease_ms));
    expect(state).toMatchObject({ status: 'outcome_unknown', attempts: [{ late_report: 'succeeded: Deployed.' }] });
    expect(events).toEqual([]);
    expect(decideExecution(state, failed, after(now, lease_ms))).toEqual({
      kind: 'rejected',
      code: 'lease_lost',
      reason: 'the execution is outcome_unknown, not held by worker-1',
    });
  });

  it('keeps what that worker says also when a person has found something else, or it was started again', () => {
    const late = after(now, lease_ms);
    for (const since of [settled('failed'), settled('succeeded'), retriedAnyway]) {
      const before = outcome(unknown, since, late).state;
      const { state, events } = outcome(before, succeeded, late);
      expect(state).toMatchObject({ status: before.status, result: before.result, error: before.error });
      expect(state.attempts[0]).toMatchObject({ late_report: 'succeeded: Deployed.' });
      expect(events).toEqual([]);
    }
  });

  it('takes what is said twice by a worker that still had it for no late report', () => {
    const ended = executionAfter(approved(), claimed, succeeded);
    expect(decideExecution(ended, succeeded, now)).toMatchObject({ kind: 'rejected', code: 'lease_lost' });
  });

  it.each([
    ['succeeded', 'tool.execution_completed', { result: expect.stringMatching(/person.*succeeded: I looked\.$/) }],
    ['failed', 'tool.execution_failed', { error: expect.stringMatching(/person.*failed: I looked\.$/) }],
  ] as const)('ends as the person says who found out: %s', (how, type, told) => {
    const { state, events } = outcome(unknown, settled(how));
    expect(state).toMatchObject({ status: how, note: 'I looked.', ...told });
    expect(state.error === null).toBe(how === 'succeeded');
    expect(events).toMatchObject([
      { type, data: { ...told, attempt: 1 } },
      { type: 'tool.execution_intervened', data: { intervention: 'settled', outcome: how, note: 'I looked.' } },
    ]);
  });
});

describe('the golden messages of version 1', () => {
  it('make the execution that they made then', () => {
    const { events } = outcome(executionAfter(approved()), {
      type: 'claimed',
      worker: goldenEvent('tool.execution_started').data.worker!,
      lease_ms,
      refusal: null,
    });
    // Since then it names the call as well.
    const { digest: _none, ...began } = goldenEvent('tool.execution_started').data;
    expect(events).toMatchObject([{ data: { ...began, digest: expect.stringMatching(/^sha256:/) } }]);
  });

  it.each([
    ['tool.execution_completed', { type: 'succeeded', worker, result: 'Deployed auth-service 2.1.0 (was 2.0.4)' }],
    [
      'tool.execution_failed',
      { ...failed, error: 'exit code 1: the health check of auth-service 2.1.0 did not pass' } as ExecutionMessage,
    ],
    ['tool.execution_outcome_unknown', due],
  ] as const)('end it as they did then: %s', (name, message) => {
    const { events } = outcome(executionAfter(approved(), claimed), message, after(now, lease_ms));
    const { digest } = goldenEvent('approval.resolved').data;
    expect(events).toEqual([{ type: name, data: { ...goldenEvent(name).data, digest } }]);
  });
});
