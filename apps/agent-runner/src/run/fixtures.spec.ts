import { goldenEvent } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import { agent, call, claimed, continued, now, responded } from '../../test/run.fixtures.js';
import { decideRun } from './run.js';

const { data } = goldenEvent('run.requested');
const started = continued(undefined, now, {
  type: 'requested',
  run: {
    run_id: data.run_id!,
    agent_id: data.agent_id,
    session_id: data.session_id!,
    user_id: data.user_id!,
    requested_by: null,
    run_input: data.input,
    deadline_at: null,
    streamed: false,
    traceparent: null,
    tracestate: null,
  },
});
const asking = continued(started, now, claimed, responded(call('call_Z7mQ2vT9xk')));

describe('the golden messages of version 1', () => {
  it('ask for the call that the run still asks for today', () => {
    const { digest, requirement } = goldenEvent('tool.approval_required').data;
    expect(asking.calls).toMatchObject([requirement]);
    expect(decideRun(continued(started, now, claimed), responded(call('call_Z7mQ2vT9xk')), now)).toMatchObject({
      events: [{}, { data: { digest, source_name: agent.name } }],
    });
  });

  it('bring a run from its approval to the next question for the model', () => {
    const done = continued(asking, now, goldenEvent('approval.resolved'), goldenEvent('tool.execution_completed'));
    expect(done).toMatchObject({
      status: 'PENDING',
      calls: [{ confirmation: true, confirmation_note: 'Change window CHG-2201.' }],
    });
    expect(done.items.at(-1)).toEqual({
      type: 'function_call_output',
      call_id: 'call_Z7mQ2vT9xk',
      output: 'Whoever approved it noted: Change window CHG-2201.\n\nDeployed auth-service 2.1.0 (was 2.0.4)',
    });
  });

  it('tell a run that its call failed', () => {
    const told = continued(asking, now, goldenEvent('tool.execution_failed')).items.at(-1)!;
    expect(told['output']).toContain('the health check of auth-service 2.1.0 did not pass');
  });

  it('park a run whose call may or may not have been made', () => {
    const parked = continued(asking, now, goldenEvent('tool.execution_outcome_unknown'));
    expect(parked.status).toBe('PAUSED');
    expect(parked.calls[0]!.unknown).toMatchObject({
      reason: 'its worker stopped answering while the call was being made',
    });
  });

  it('cancel a run', () => {
    const { reason = null } = goldenEvent('run.cancel_requested').data;
    const transition = decideRun(asking, { type: 'cancel_requested', reason }, now);
    expect(transition).toMatchObject({ events: [{ data: goldenEvent('run.cancelled').data }] });
  });
});
