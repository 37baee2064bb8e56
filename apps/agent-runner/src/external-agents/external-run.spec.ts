import { parseEventData } from '@countersign/contracts';
import { Run, showCalls } from '@countersign/contracts/runs';
import { after } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import * as given from '../../test/run.fixtures.js';
import { agent, callIn, continued, eventsOf, now, runAfter, tools } from '../../test/run.fixtures.js';
import type { RunMessage } from '../run/messages.js';
import { decideRun } from '../run/run.js';

const tool = tools.deploy_to_production;
const args = { service_name: 'auth-service', version: '2.1.0' };
const requested: RunMessage = {
  type: 'calls_requested',
  run: { ...given.requested.run, run_input: 'It is tested.' },
  asked: { digest: 'd', framework: 'langgraph', reason: 'It is tested.', context: { ticket: 'T-9' } },
  agent,
  calls: [
    { tool_call_id: 'call_a', tool, tool_args: args },
    { tool_call_id: 'call_b', tool, tool_args: { ...args, service_name: 'billing' } },
  ],
};
const asked = runAfter(requested);
const [one, two] = ['call_a', 'call_b'].map((id) => callIn(asked, id)) as [
  ReturnType<typeof callIn>,
  (typeof asked.calls)[0],
];
const statuses = (run: Run) => showCalls(run).calls.map(({ status }) => status);

describe('the calls of an agent that runs elsewhere', () => {
  it('wait at once, and no model is asked, whoever claims the run', () => {
    const events = eventsOf(undefined, requested);
    expect(events.map(({ type }) => type)).toEqual([
      'run.started',
      'run.paused',
      'tool.approval_required',
      'tool.approval_required',
    ]);
    for (const { type, data } of events) parseEventData(type, data);
    expect(Run.parse(asked)).toMatchObject({ status: 'PAUSED', due_at: null, steps: 0, items: [] });
    expect(decideRun(asked, given.claimed, now)).toMatchObject({ kind: 'rejected', code: 'not_due' });
    expect(decideRun(asked, requested, now)).toMatchObject({ kind: 'ignored' });
  });

  it('are asked for again with the same context', () => {
    const later = after(now, 600_000);
    const again = eventsOf(asked, { type: 'resend_due', agent, afterMs: 600_000 }, later);
    const first = eventsOf(undefined, requested).filter(({ type }) => type === 'tool.approval_required');
    expect(again.map(({ data }) => ({ ...data, repeated: false }))).toEqual(first.map(({ data }) => data));
  });

  it('have other ids than what the store has forgotten, where their name may come again', () => {
    const named = { ...requested, run: { ...requested.run, is_named: true } };
    expect(runAfter(named).calls).toEqual(asked.calls);
    expect(runAfter({ ...requested, forgets: true })).toEqual(asked);
    const again = runAfter({ ...named, forgets: true });
    expect(Run.parse(again)).toMatchObject({ run_id: asked.run_id, set_back_at: again.created_at });
    expect(showCalls(again).calls.map(({ tool_call_id }) => tool_call_id)).toEqual(['call_a', 'call_b']);
    expect(asked.calls.map(({ id }) => id)).not.toContain(callIn(again, 'call_a').id);
    // What others know of the forgotten call is not about this one.
    for (const late of [given.resolved(one, 'approved'), given.completed(one)])
      expect(decideRun(again, late, now).kind).not.toBe('changed');
    expect(decideRun(again, named, now).kind).toBe('ignored');
  });

  it('end with the last answer, each as it is', () => {
    const rejected = given.resolved(one, 'rejected', { resolution_data: { note: 'No.' }, resolved_by: 'bob' });
    const half = continued(asked, now, rejected, given.resolved(two, 'approved'));
    expect([half.status, statuses(half)]).toEqual(['PAUSED', ['rejected', 'approved']]);
    expect(eventsOf(half, given.failed(two, 'exit code 1')).map(({ type }) => type)).toEqual(['run.completed']);
    const over = continued(half, now, given.failed(two, 'exit code 1'));
    expect(over).toMatchObject({ status: 'COMPLETED', items: [], steps: 0 });
    expect(showCalls(over).calls).toMatchObject([
      { status: 'rejected', result: 'No.', note: 'No.', resolved_by: 'bob' },
      { status: 'failed', result: 'exit code 1' },
    ]);
  });

  it('are not over while the outcome of one is unknown', () => {
    const approved = continued(asked, now, given.resolved(one, 'approved'), given.resolved(two, 'expired'));
    const unknown = continued(approved, now, given.outcomeUnknown(one));
    expect([unknown.status, statuses(unknown)]).toEqual(['PAUSED', ['outcome_unknown', 'expired']]);
    expect(statuses(continued(unknown, now, given.completed(one)))).toEqual(['succeeded', 'expired']);
  });

  it('that are cancelled are not answered as void before it is certain that they are', () => {
    const over = continued(asked, now, given.cancelRequested);
    expect(statuses(over)).toEqual(['waiting', 'waiting']);
    const told = continued(over, now, given.resolved(one, 'cancelled'), given.resolved(two, 'cancelled'));
    expect([told.status, statuses(told)]).toEqual(['CANCELLED', ['cancelled', 'cancelled']]);
  });

  it('are not tried again', () => {
    const late = continued(undefined, now, {
      ...requested,
      run: { ...given.requested.run, deadline_at: after(now, 1_000) },
    } as RunMessage);
    const over = continued(late, after(now, 1_000), given.claimed);
    expect(over).toMatchObject({ status: 'ERROR', error_code: 'deadline_passed' });
    expect(decideRun(over, given.retryRequested, now)).toMatchObject({ kind: 'rejected', code: 'run_over' });
  });
});
