import { approvalId } from '@countersign/contracts';
import { isGated, type Call } from '@countersign/contracts/runs';
import { toEpochSeconds } from '@countersign/contracts/time';
import type { ToolDefinition } from '@countersign/definitions';
import { describe, expect, it } from 'vitest';
import {
  answered,
  confirm,
  isForWorker,
  isOpen,
  newCall,
  openCalls,
  requirementOf,
  resolvedByApproval,
  resolvedByCaller,
  resolvedLate,
  shownTo,
} from './call.js';
import { asking, call, now, paused, resolved, tools } from '../../test/run.fixtures.js';

const noCalls = { run_id: 'run-1', calls: [] as Call[], set_back_at: null };
const callOf = (tool: ToolDefinition, tool_args: Record<string, unknown> = { what: 'it' }): Call =>
  newCall(noCalls, 'call_a', { tool, tool_args });
const approve = (asked: Call, tool_args = asked.tool_execution.tool_args) =>
  resolvedByApproval(asked, resolved(asked, 'approved', { tool_args }).data)!;

describe('a call', () => {
  it.each([
    ['look_up', 'ready', 'runner', false],
    ['refund', 'asked', 'executor', true],
    ['grant', 'asked', 'executor', true],
    ['send', 'asked', 'runner', true],
    ['deploy_to_production', 'asked', 'executor', true],
    ['ask_person', 'asked', 'person', true],
    ['show_map', 'asked', 'person', true],
  ] as const)('of %s is %s at first', (name, state, made_by, gated) => {
    const fresh = callOf(tools[name]);
    expect(fresh).toMatchObject({ state, made_by, confirmation: null, tool_execution: { result: null } });
    expect([isGated(fresh), isOpen(fresh), isForWorker(fresh)]).toEqual([gated, true, state === 'ready']);
  });

  it.each([
    ['refund', 'asked', true],
    ['deploy_to_production', 'asked', true],
    ['ask_person', 'answered', false],
  ] as const)('of %s that is approved too late to act on is %s', (name, state, confirmation) => {
    const fresh = callOf({ ...tools[name], approval: 'required' });
    const late = resolvedLate(fresh, resolved(fresh, 'approved').data);
    expect(late).toMatchObject({ state, confirmation });
    if (state === 'answered') expect(late?.tool_execution.result).toMatch(/expired/);
  });

  it('has an id of its own, however the model names its calls', () => {
    const named = ['call_a', 'call_a#1', 'call_a', 'call_a'].reduce<Call[]>(
      (calls, id) => [...calls, newCall({ ...noCalls, calls }, id, { tool: tools.refund, tool_args: { what: 'it' } })],
      [],
    );
    expect(new Set(named.map(({ id }) => id)).size).toBe(4);
  });

  it('has the id of its approval, whether it needs one or not', () => {
    expect(callOf(tools.refund)).toMatchObject({
      id: approvalId('run-1', 'call_a'),
      tool_execution: { approval_type: 'required', approval_id: approvalId('run-1', 'call_a') },
    });
    expect(callOf(tools.look_up)).toMatchObject({
      id: approvalId('run-1', 'call_a'),
      tool_execution: { approval_type: null, approval_id: null },
    });
  });

  it('is a new one when its call id was used before', () => {
    const first = callOf(tools.refund);
    const second = newCall({ ...noCalls, calls: [first] }, 'call_a', { tool: tools.refund, tool_args: {} });
    expect(second.id).toBe(approvalId('run-1', 'call_a#1'));
  });

  it('is a new one when its run was set back, which may have forgotten another under this call id', () => {
    const set_back_at = toEpochSeconds(now);
    const anew = newCall({ ...noCalls, set_back_at }, 'call_a', { tool: tools.refund, tool_args: {} });
    expect(anew.id).not.toBe(callOf(tools.refund).id);
    expect(newCall({ ...noCalls, set_back_at }, 'call_a', { tool: tools.refund, tool_args: {} }).id).toBe(anew.id);
  });

  it('names the fields that a person fills in', () => {
    expect(callOf(tools.grant).user_input_schema).toEqual([
      {
        name: 'hours',
        field_type: 'int',
        description: null,
        value: null,
        schema: { type: 'integer', minimum: 1 },
        required: true,
      },
      { name: 'ticket', field_type: 'str', description: null, value: null, schema: { type: 'string' }, required: true },
    ]);
    expect(callOf(tools.refund).user_input_schema).toBeNull();
  });

  it('has all of its arguments filled in when its tool names none', () => {
    const all = callOf({ ...tools.grant, user_input: [] }, {});
    expect(all.user_input_schema!.map(({ name }) => name)).toEqual(['what', 'hours', 'ticket']);
  });

  it('is shown without the notes of the runner', () => {
    const shown = requirementOf(callOf(tools.refund));
    for (const own of ['state', 'made_by', 'proposed_args', 'max_output']) expect(shown).not.toHaveProperty(own);
  });
});

describe('an approved call', () => {
  it.each(['deploy_to_production', 'refund', 'grant'] as const)(
    'of %s stays asked, since the executor makes it, and hearing so again changes nothing',
    (name) => {
      const approved = approve(callOf(tools[name]));
      expect(approved).toMatchObject({ state: 'asked', confirmation: true });
      expect(approve(approved)).toBeUndefined();
    },
  );

  it('that needs no approval is decided by its caller alone', () => {
    expect(approve(callOf(tools.send))).toBeUndefined();
  });

  it('is answered with what was filled in when a person makes it', () => {
    const asked = callOf({ ...tools.ask_person, approval: 'required' }, { question: 'When?' });
    expect(approve(asked, { question: 'When?', answer: 'at noon' })).toMatchObject({
      state: 'answered',
      tool_execution: { result: '{"answer":"at noon"}', answered: true },
    });
  });

  it('has the arguments that were approved, and remembers those of the model', () => {
    expect(approve(callOf(tools.refund), { what: 'that' })).toMatchObject({
      proposed_args: { what: 'it' },
      tool_execution: { tool_args: { what: 'that' } },
    });
    expect(approve(callOf(tools.refund))).toMatchObject({ proposed_args: null });
  });

  it('is not decided on again once a worker has it in hand', () => {
    const ready = resolvedByCaller(callOf(tools.send), { id: callOf(tools.send).id, confirmed: true })!;
    for (const call of [ready, { ...ready, state: 'started' as const }])
      expect(resolvedByApproval(call, resolved(call, 'rejected').data)).toBeUndefined();
  });
});

describe('a call that its caller resolves', () => {
  const { id } = callOf(tools.send);

  it.each([
    ['send', { confirmed: true }, { state: 'ready', confirmation: true }],
    ['send', { confirmed: false, note: 'no' }, { state: 'answered', confirmation: false, confirmation_note: 'no' }],
    ['ask_person', { values: { answer: 'yes' } }, { state: 'answered', tool_execution: { answered: true } }],
    ['show_map', { result: 'shown' }, { state: 'answered', external_execution_result: 'shown' }],
  ] as const)('%s by %j is %j', (name, resolution, expected) => {
    expect(resolvedByCaller(callOf(tools[name]), { id, ...resolution })).toMatchObject(expected);
  });

  it.each([
    ['send', { values: { what: 'that' } }],
    ['send', { result: 'sent' }],
    ['ask_person', { confirmed: true }],
    ['show_map', { confirmed: true }],
  ] as const)('%s by %j is not resolved', (name, resolution) => {
    expect(resolvedByCaller(callOf(tools[name]), { id, ...resolution })).toBeUndefined();
  });

  it('takes only values for fields that are to be filled in', () => {
    const values = { hours: 1, ticket: 'T-1', what: 'something else' };
    const filled = resolvedByCaller(callOf({ ...tools.grant, approval: 'none', made_by: 'runner' }), { id, values });
    expect(filled).toMatchObject({
      state: 'ready',
      tool_execution: { tool_args: { what: 'it', hours: 1, ticket: 'T-1' } },
    });
  });

  it('is resolved once', () => {
    const confirmed = resolvedByCaller(callOf(tools.send), { id, confirmed: true })!;
    expect(resolvedByCaller(confirmed, { id, confirmed: false })).toBeUndefined();
  });
});

describe('what a run still waits for', () => {
  it('is every call that is asked for, and none that is made or answered', () => {
    const run = asking(call('call_a'), call('call_b', 'billing'), call('call_c', 'search'));
    const [a, b, c] = run.calls as [Call, Call, Call];
    const calls = [answered(a, 'done'), { ...confirm(b, true, null), state: 'ready' as const }, c];
    expect(openCalls({ ...run, calls }).map(({ id }) => id)).toEqual([c.id]);
  });

  it('is shown without the values that are not for everybody', () => {
    const [asked] = paused.calls as [Call];
    const calls = [{ ...asked, tool_execution: { ...asked.tool_execution, redact: ['version'] } }];
    expect(shownTo(openCalls({ ...paused, calls }))).toMatchObject([
      { tool_execution: { tool_args: { service_name: 'auth-service', version: '[redacted]' } } },
    ]);
  });
});
