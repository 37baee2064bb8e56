import { parseEventData, type Event } from '@countersign/contracts';
import { Approval } from '@countersign/contracts/approvals';
import { after, atMillis, toEpochMillis, toEpochSeconds } from '@countersign/contracts/time';
import { goldenEvent } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import {
  approvalAfter,
  approvalsOfAnybody,
  audited,
  decided,
  failedVoid,
  inputRequired,
  madeVoid,
  now,
  nowSeconds,
  required,
  requirementWith,
  runCancelled,
  runCompleted,
  runFailed,
} from '../../test/approval.fixtures.js';
import { decideApproval } from './approval.js';
import type { ApprovalMessage } from './messages.js';

const outcome = (approval: Approval | undefined, message: ApprovalMessage, at = now) => {
  const transition = decideApproval(approval, message, at);
  if (transition.kind !== 'changed') throw new Error(transition.reason);
  return transition;
};

/** Of whoever is nobody's deputy. */
const own = { on_behalf_of: null, delegation_id: null };

describe('asking for an approval', () => {
  it('keeps what is asked for, by whom and why, in a record of the published shape', () => {
    const asked = goldenEvent('tool.approval_required');
    const approval = approvalAfter(required());
    expect(Approval.parse(approval)).toEqual(approval);
    expect(approval).toMatchObject({
      id: asked.data.approval_id,
      digest: asked.data.digest,
      tool_args: { service_name: 'auth-service', version: '2.1.0' },
      requirements: [asked.data.requirement],
      context: asked.data.context,
      user_id: 'ana',
      run_status: 'PAUSED',
      traceparent: asked.traceparent,
    });
  });

  it('sets no deadline unless the terms do', () => {
    expect(approvalAfter(required())).toMatchObject({ expires_at: null, due_at: null });
    expect(approvalAfter(required({ expires_in: 60 }))).toMatchObject({
      expires_at: nowSeconds + 60,
      due_at: toEpochMillis(after(nowSeconds, 60)),
    });
  });
});

describe('an audit', () => {
  const { state, events } = outcome(undefined, audited);

  it('keeps the record of a call that nobody is asked about', () => {
    expect(Approval.parse(state)).toEqual(state);
    expect(state).toMatchObject({
      status: 'approved',
      approval_type: 'audit',
      resolved_by: null,
      resolved_at: nowSeconds,
      resolution_data: null,
      decisions: [],
      due_at: null,
    });
  });

  it('lets the call through, and says that no person did', () => {
    const { tool_args, digest } = audited.event.data;
    expect(events).toMatchObject([
      { type: 'approval.created', data: { approval_type: 'audit' } },
      {
        type: 'approval.resolved',
        data: { status: 'approved', automatic: true, approval_type: 'audit', resolved_by: null, tool_args, digest },
      },
    ]);
  });
});

describe('arguments that a tool declares as not for everybody', () => {
  const redact = ['version'];
  const message = required({}, { requirement: requirementWith({ redact }) });

  it('are hidden from the audience of a request', () => {
    const { state, events } = outcome(undefined, message);
    const tool_args = { service_name: 'auth-service', version: '[redacted]' };
    expect(events).toMatchObject([{ data: { tool_args, requirements: [{ tool_execution: { tool_args } }] } }]);
    expect(state.tool_args).toEqual(message.event.data.tool_args);
  });

  it('reach whoever acts on the decision', () => {
    const { tool_args, digest } = message.event.data;
    const { events } = outcome(approvalAfter(message), decided('approved', 'bob'));
    expect(events[1]).toMatchObject({ type: 'approval.resolved', data: { tool_args, digest } });
  });

  it('are as hidden in a record made at the end of a run as they were in its event, and stay so', () => {
    const tool_args = { service_name: 'auth-service', version: '[redacted]' };
    const { state } = outcome(undefined, {
      type: 'void',
      event: runFailed,
      requirement: requirementWith({ redact, tool_args }),
    });
    expect(state).toMatchObject({ status: 'cancelled', tool_args });
    expect(decideApproval(state, message, now)).toEqual({ kind: 'ignored', reason: 'the approval exists' });
  });
});

describe('deciding on an approval', () => {
  it('says what was decided on, what the decision is and who took it', () => {
    const { event } = required();
    const data = { note: 'Change window CHG-2201.', values: { window: 'CHG-2201' } };
    const [, resolved] = outcome(approvalAfter(required()), decided('approved', 'bob', data)).events;
    expect(resolved!.data).toEqual({
      run_id: event.data.run_id,
      approval_id: event.data.approval_id,
      tool_call_id: event.data.tool_call_id,
      tool_name: 'deploy_to_production',
      tool_args: event.data.tool_args,
      approval_type: 'required',
      pause_type: 'external_execution',
      digest: event.data.digest,
      salt: null,
      status: 'approved',
      automatic: false,
      basis: 'people',
      grant_id: null,
      resolution_data: data,
      resolved_by: 'bob',
      resolved_at: nowSeconds,
      redact: [],
      requester: 'ana',
      requested_by: 'ana',
      preview_digest: null,
      policy_version: null,
      tool_version: null,
      expires_at: null,
      decisions: [
        { verdict: 'approved', by: 'bob', at: nowSeconds, note: 'Change window CHG-2201.', groups: [], ...own },
      ],
      break_glass: null,
      repeated: false,
      run_status: null,
      run_began_at: null,
      signature: null,
    });
  });

  it('takes as many people as the terms say, and counts each once', () => {
    const two = approvalAfter(
      required(approvalsOfAnybody(3)),
      decided('approved', 'bob'),
      decided('approved', 'carol'),
    );
    expect(two).toMatchObject({ status: 'pending', resolved_by: null });
    expect(decideApproval(two, decided('approved', 'bob'), now)).toEqual({
      kind: 'rejected',
      code: 'already_decided',
      reason: 'bob has decided on this before, and each person counts once',
    });
    const { state, events } = outcome(two, decided('approved', 'dave'));
    expect(state).toMatchObject({ status: 'approved', resolved_by: 'dave' });
    expect(state.decisions.map(({ by }) => by)).toEqual(['bob', 'carol', 'dave']);
    expect(events[0]).toMatchObject({ data: { approvals: 3, required_approvals: 3, decision: { by: 'dave' } } });
  });

  it('reports each verdict on the way to a quorum', () => {
    const { events } = outcome(approvalAfter(required(approvalsOfAnybody(2))), decided('approved', 'bob'));
    expect(events).toMatchObject([
      { type: 'approval.decision_recorded', data: { approvals: 1, required_approvals: 2, decision: { by: 'bob' } } },
    ]);
  });

  it('ends with the first person who rejects, whoever approved before', () => {
    const half = approvalAfter(required(approvalsOfAnybody(2)), decided('approved', 'bob'));
    const { state } = outcome(half, decided('rejected', 'carol', { note: 'Freeze.' }));
    expect(state).toMatchObject({ status: 'rejected', resolved_by: 'carol', resolution_data: { note: 'Freeze.' } });
    const said = { verdict: 'rejected', by: 'carol', at: nowSeconds, note: 'Freeze.', groups: [] };
    expect(state.decisions.at(-1)).toEqual({ ...said, ...own });
  });

  it('is refused once it is resolved, with the status it has', () => {
    const rejected = approvalAfter(required(), decided('rejected', 'bob'));
    expect(decideApproval(rejected, decided('approved', 'carol'), now)).toEqual({
      kind: 'rejected',
      code: 'already_resolved',
      reason: 'already resolved: rejected',
    });
  });
});

describe('an approval that expires', () => {
  const approval = approvalAfter(required({ expires_in: 60 }));
  const end = toEpochMillis(after(nowSeconds, 60));

  it('can be decided on until the very millisecond', () => {
    expect(outcome(approval, decided('approved', 'bob'), after(end, -1)).state.status).toBe('approved');
    expect(decideApproval(approval, { type: 'due' }, after(end, -1)).kind).toBe('ignored');
  });

  it('expires by itself from then on', () => {
    const { state, events } = outcome(approval, { type: 'due' }, end);
    expect(state).toMatchObject({
      status: 'expired',
      resolved_at: toEpochSeconds(end),
      resolved_by: null,
      due_at: null,
    });
    expect(events).toMatchObject([{ type: 'approval.resolved', data: { status: 'expired', automatic: false } }]);
  });

  it('does not count a click that comes late, even when nobody noticed the time yet', () => {
    const { state, events } = outcome(approval, decided('approved', 'bob'), end);
    expect(state).toMatchObject({ status: 'expired', decisions: [], resolved_by: null });
    expect(events.map(({ type }) => type)).toEqual(['approval.resolved']);
    expect(decideApproval(state, decided('approved', 'bob'), end)).toEqual({
      kind: 'rejected',
      code: 'already_resolved',
      reason: 'already resolved: expired',
    });
  });
});

describe('the end of the run', () => {
  it.each([
    ['CANCELLED', runCancelled],
    ['ERROR', runFailed],
    ['COMPLETED', runCompleted],
  ] as const)('voids what the run still asked for: %s', (run_status, message) => {
    const { state, events } = outcome(approvalAfter(required()), message);
    expect(state).toMatchObject({ status: 'cancelled', run_status, resolved_by: null });
    expect(events).toMatchObject([{ type: 'approval.resolved', data: { status: 'cancelled', automatic: false } }]);
  });

  it.each([
    ['CANCELLED', madeVoid],
    ['ERROR', failedVoid],
  ] as const)('voids a request that arrives only later: %s', (run_status, message) => {
    const { state, events } = outcome(undefined, message);
    expect(Approval.parse(state)).toEqual(state);
    expect(state.run_status).toBe(run_status);
    const asked = goldenEvent('tool.approval_required').data;
    expect(state).toMatchObject({ id: asked.approval_id, digest: asked.digest, status: 'cancelled' });
    expect(events).toMatchObject([{ type: 'approval.resolved', data: { status: 'cancelled' } }]);
    expect(decideApproval(state, required(), now)).toEqual({ kind: 'ignored', reason: 'the approval exists' });
    expect(decideApproval(state, decided('approved', 'bob'), now).kind).toBe('rejected');
  });

  it.each([
    ['confirmation', { external_execution_required: false, requires_confirmation: true }],
    ['user_input', inputRequired().event.data.requirement.tool_execution],
    ['external_execution', { approval_type: 'audit' }],
  ] as const)('keeps what kind of request it was that came too late: %s', (pause_type, change) => {
    const requirement = requirementWith(change);
    const { state } = outcome(undefined, { type: 'void', event: runCancelled, requirement });
    const { approval_type } = requirement.tool_execution;
    expect(state).toMatchObject({ pause_type, approval_type, requirements: [requirement] });
  });

  it('is noted beside a decision, which stays', () => {
    const approved = approvalAfter(required(), decided('approved', 'bob'));
    const { state, events } = outcome(approved, runCompleted);
    expect(state).toEqual({ ...approved, run_status: 'COMPLETED' });
    expect(events).toEqual([]);
    expect(decideApproval(state, runCompleted, now)).toEqual({ kind: 'ignored', reason: 'this is known' });
  });
});

describe('removing an approval', () => {
  it('cancels it first while it is pending, so that its run does not wait for ever', () => {
    const { state, events } = outcome(approvalAfter(required()), { type: 'removed' });
    expect(state).toMatchObject({ status: 'cancelled', deleted_at: nowSeconds });
    expect(events).toMatchObject([
      { type: 'approval.resolved', data: { status: 'cancelled' } },
      { type: 'approval.deleted', data: { status: 'cancelled' } },
    ]);
  });

  it('hides one that is decided, and changes nothing else', () => {
    const approved = approvalAfter(required(), decided('approved', 'bob'));
    expect(outcome(approved, { type: 'removed' }).state).toEqual({ ...approved, deleted_at: nowSeconds });
  });
});

describe('the golden messages of version 1', () => {
  const first = goldenEvent('tool.approval_required');
  const at = atMillis(Date.parse(goldenEvent('approval.created').time));
  const created = outcome(undefined, required({ expires_in: 86_400 }), at);

  it('make the approval that they made then', () => {
    const golden: Event<'approval.created'> = goldenEvent('approval.created');
    const { terms, rules_version } = created.state;
    expect(parseEventData('approval.created', created.events[0]!.data)).toEqual({
      ...golden.data,
      terms,
      rules_version,
      requested_by: 'ana',
    });
    expect(created.state.traceparent).toBe(first.traceparent);
  });

  it('decide it as they did then, and more is published of it now', () => {
    const { status, resolved_by, resolution_data } = goldenEvent('approval.resolve_requested').data;
    const { time } = goldenEvent('approval.resolved');
    const message = decided(status, resolved_by!, resolution_data!);
    const { state, events } = outcome(created.state, message, atMillis(Date.parse(time)));
    const { decisions, expires_at } = state;
    expect(events.map(({ data }) => data)).toEqual([
      goldenEvent('approval.decision_recorded').data,
      {
        ...goldenEvent('approval.resolved').data,
        requester: 'ana',
        requested_by: 'ana',
        basis: 'people',
        decisions,
        expires_at,
      },
    ]);
  });
});
