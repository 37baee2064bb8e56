import { callDigest, type ConversationItem, type EventData, type Run } from '@countersign/contracts';
import { describe, expect, it } from 'vitest';
import {
  agent,
  call,
  cancelRequested,
  claimed,
  completed,
  continued,
  failed,
  lease_ms,
  modelFailed,
  now,
  outcomeUnknown,
  paused,
  pausedForTwo,
  requested,
  requirementFor,
  resolved,
  responded,
  runAfter,
  text,
  worker,
} from './run.given.js';
import { decideRun, type RunMessage } from './run.js';

const asked = requirementFor(paused, 'call_a');
const toldOf = (run: Run, call_id: string): unknown[] =>
  run.items
    .filter((item) => item.type === 'function_call_output' && item['call_id'] === call_id)
    .map((i) => i['output']);
const eventsOf = (run: Run | undefined, message: RunMessage) => {
  const transition = decideRun(run, message, now);
  return transition.kind === 'changed' ? transition.events : [];
};

describe('a run and its worker', () => {
  it('may be claimed by another worker from the millisecond its lease ends, and not before', () => {
    const run = runAfter(requested, claimed);
    const claim: RunMessage = { type: 'claimed', worker: 'worker-2', lease_ms };
    expect(decideRun(run, claim, now + lease_ms - 1).kind).toBe('rejected');
    expect(decideRun(run, claim, now + lease_ms)).toMatchObject({
      kind: 'changed',
      state: { lease: { worker: 'worker-2', expires_at: now + 2 * lease_ms }, due_at: now + 2 * lease_ms },
    });
  });

  it('refuses what a worker says after another took over', () => {
    const taken = continued(runAfter(requested, claimed), now + lease_ms, {
      type: 'claimed',
      worker: 'worker-2',
      lease_ms,
    });
    for (const late of [responded(text('Hello.')), modelFailed(null), { type: 'released', worker } as const]) {
      expect(decideRun(taken, late, now + lease_ms)).toEqual({
        kind: 'rejected',
        reason: 'another worker holds this run',
      });
    }
  });

  it('keeps its lease for as long as its worker extends it', () => {
    const extended = continued(runAfter(requested, claimed), now + 20_000, {
      type: 'lease_extended',
      worker,
      lease_ms,
    });
    expect(extended).toMatchObject({ lease: { expires_at: now + 50_000 }, due_at: now + 50_000 });
  });

  it('is due again when the model may be asked again, and says why it waits', () => {
    const waiting = continued(runAfter(requested, claimed), now, modelFailed(5_000));
    expect(waiting).toMatchObject({ due_at: now + 5_000, failures: 1, error: 'overloaded', lease: null });
    expect(decideRun(waiting, claimed, now + 4_999).kind).toBe('rejected');
    const again = continued(waiting, now + 5_000, claimed, modelFailed(10_000));
    expect(again).toMatchObject({ due_at: now + 15_000, failures: 2 });
  });

  it('forgets earlier failures once the model answers', () => {
    const waiting = continued(runAfter(requested, claimed), now, modelFailed(0));
    expect(continued(waiting, now, claimed, responded(text('Hello.')))).toMatchObject({ failures: 0, error: null });
  });
});

describe("a turn of the model's", () => {
  it('adds its items as they are, and its cost to the sum', () => {
    const reasoning = { type: 'reasoning', encrypted_content: 'sealed', summary: [] };
    const run = continued(runAfter(requested, claimed), now, responded(reasoning, call('call_a')));
    expect(run.items).toEqual([{ type: 'message', role: 'user', content: 'Deploy it.' }, reasoning, call('call_a')]);
    const done = continued(run, now, completed(asked), claimed, responded(text('Deployed.')));
    expect(done).toMatchObject({ usage: { input_tokens: 20, output_tokens: 6 }, steps: 2, content: 'Deployed.' });
  });

  it('asks for an approval of each call, tied to the call by its digest', () => {
    const response = responded(text('Both are ready.'), call('call_a'), call('call_b', 'billing', '3.0.0'));
    const [pausedEvent, ...required] = eventsOf(runAfter(requested, claimed), response);
    expect(pausedEvent).toMatchObject({ type: 'run.paused', data: { requirements: pausedForTwo.requirements } });
    expect(required.map(({ data }) => data)).toMatchObject([
      { tool_call_id: 'call_a', tool_args: { service_name: 'auth-service', version: '2.1.0' } },
      { tool_call_id: 'call_b', tool_args: { service_name: 'billing', version: '3.0.0' } },
    ]);
    for (const { data } of required) {
      const asks = data as EventData<'tool.approval_required'>;
      expect(asks.digest).toBe(callDigest(asks));
      expect(asks.context).toEqual({ input: 'Deploy it.', reason: 'Both are ready.' });
      expect(asks).toMatchObject({ source_name: 'Operations', user_id: 'ana', requirement: { id: asks.approval_id } });
    }
  });

  it.each<[string, ConversationItem, RegExp]>([
    [
      'a tool that does not exist',
      { ...call('call_x'), name: 'drop_database' },
      /no tool "drop_database".*deploy_to_production/,
    ],
    [
      'arguments that are not JSON',
      { ...call('call_x'), arguments: '{"service_name":' },
      /are not JSON.*Nothing was done/,
    ],
    ['arguments that do not fit', call('call_x', 'auth service'), /do not fit[^]*service_name/],
    [
      'an argument nobody asked for',
      { ...call('call_x'), arguments: '{"service_name":"a","version":"1","force":true}' },
      /do not fit[^]*force/,
    ],
  ])('is answered at once where it names %s', (_, item, told) => {
    const run = continued(runAfter(requested, claimed), now, responded(item));
    expect(toldOf(run, 'call_x')).toEqual([expect.stringMatching(told)]);
    expect(run).toMatchObject({ status: 'RUNNING', lease: { worker }, requirements: [] });
  });

  it('pauses for its good calls, and answers its bad ones meanwhile', () => {
    const run = continued(runAfter(requested, claimed), now, responded(call('call_a'), call('call_x', ' ')));
    expect(run).toMatchObject({ status: 'PAUSED', requirements: [{ tool_execution: { tool_call_id: 'call_a' } }] });
    expect([toldOf(run, 'call_a').length, toldOf(run, 'call_x').length]).toEqual([0, 1]);
  });

  it('may use a call id again: each use is a call of its own', () => {
    const twice = continued(runAfter(requested, claimed), now, responded(call('call_a'), call('call_a', 'billing')));
    const [first, second] = twice.requirements;
    expect(first!.id).not.toBe(second!.id);
    const once = continued(twice, now, completed(first!, 'one'));
    expect(once.status).toBe('PAUSED');
    const both = continued(once, now, completed(second!, 'two'), claimed, responded(call('call_a', 'search')));
    expect(toldOf(both, 'call_a')).toEqual(['one', 'two']);
    expect(new Set(both.requirements.map(({ id }) => id)).size).toBe(3);
  });

  it('ends the run in an error when it is the last one allowed and wants more', () => {
    const eager = { ...agent, max_steps: 1 };
    const transition = decideRun(runAfter(requested, claimed), { ...responded(call('call_a')), agent: eager }, now);
    expect(transition).toMatchObject({
      state: { status: 'ERROR', error: 'no answer after 1 model calls, the limit of ops', finished_at: now / 1000 },
      events: [{ type: 'run.failed' }],
    });
    const answer = decideRun(runAfter(requested, claimed), { ...responded(text('Done.')), agent: eager }, now);
    expect(answer).toMatchObject({ state: { status: 'COMPLETED' } });
  });

  it('ends the run with its words when the model refuses', () => {
    const refusal = { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'I will not.' }] };
    expect(continued(runAfter(requested, claimed), now, responded(refusal)).content).toBe('I will not.');
  });
});

describe('the decision on a call', () => {
  it('leaves an approved call open until it was made', () => {
    const approved = continued(paused, now, resolved(asked, 'approved', { resolution_data: { note: 'go' } }));
    expect(requirementFor(approved, 'call_a')).toMatchObject({
      confirmation: true,
      confirmation_note: 'go',
      tool_execution: { confirmed: true, result: null },
    });
    expect(toldOf(approved, 'call_a')).toEqual([]);
  });

  it.each([
    ['rejected', { resolved_by: 'bob', resolution_data: { note: 'Freeze.' } }, 'bob rejected it. Reason: Freeze.'],
    ['rejected', { resolved_by: null }, 'A reviewer rejected it. No reason was given.'],
    ['expired', { resolved_by: null }, 'Nobody decided in time, so the request expired.'],
    ['cancelled', { resolved_by: null }, 'The request was cancelled.'],
  ] as const)('tells the model that it was not made: %s %j', (status, how, why) => {
    const run = continued(paused, now, resolved(asked, status, how));
    const told = `The call was NOT made. ${why} Do not propose the same call again unless you are asked to; tell the user what happened.`;
    expect(toldOf(run, 'call_a')).toEqual([told]);
    expect(requirementFor(run, 'call_a')).toMatchObject({
      confirmation: false,
      external_execution_result: told,
      tool_execution: { confirmed: false, result: told },
    });
  });

  it('answers a call that a person made by hand with what they say came of it', () => {
    const byHand = resolved(asked, 'approved', { resolution_data: { result: 'Deployed by hand.', note: 'urgent' } });
    const run = continued(paused, now, byHand);
    expect(toldOf(run, 'call_a')).toEqual(['Deployed by hand.']);
    expect(requirementFor(run, 'call_a')).toMatchObject({ confirmation: true, confirmation_note: 'urgent' });
  });

  it('of one call leaves the others to be decided on: the model is asked once all are answered, each once', () => {
    const [a, b] = ['call_a', 'call_b'].map((id) => requirementFor(pausedForTwo, id));
    const half = continued(pausedForTwo, now, resolved(a!, 'rejected'));
    expect(half).toMatchObject({ status: 'PAUSED', due_at: null });
    expect(eventsOf(pausedForTwo, resolved(a!, 'rejected'))).toEqual([]);
    const approved = continued(half, now, resolved(b!, 'approved'));
    expect(approved.status).toBe('PAUSED');
    const whole = continued(approved, now, completed(b!, 'Deployed billing 3.0.0'));
    expect(whole).toMatchObject({ status: 'PENDING', due_at: now });
    expect(toldOf(whole, 'call_a')).toHaveLength(1);
    expect(toldOf(whole, 'call_b')).toEqual(['Deployed billing 3.0.0']);
  });
});

describe('the execution of a call', () => {
  it('answers the call even when its approval is heard of later', () => {
    const early = continued(paused, now, completed(asked, 'Deployed.'));
    expect(toldOf(early, 'call_a')).toEqual(['Deployed.']);
    expect(decideRun(early, resolved(asked, 'approved'), now)).toEqual({
      kind: 'ignored',
      reason: 'the call is answered',
    });
  });

  it('tells the model of a failure, and not to try again by itself', () => {
    const run = continued(paused, now, failed(asked, 'exit code 1: no such host'));
    expect(toldOf(run, 'call_a')).toEqual([
      'The call was approved but failed: exit code 1: no such host\n' +
        'Tell the user; do not try the same call again unless you are asked to.',
    ]);
  });

  it('keeps the run waiting while its outcome is unknown, and says what for', () => {
    const parked = continued(paused, now, outcomeUnknown(asked, 'the power failed'));
    expect(parked).toMatchObject({ status: 'PAUSED', due_at: null });
    expect(parked.error).toMatch(/the power failed.*not made again.*settle execution/);
    expect(parked.error).toContain(asked.id);
    expect(toldOf(parked, 'call_a')).toEqual([]);
    const settled = continued(parked, now, completed(asked, 'It was deployed.'));
    expect(settled).toMatchObject({ status: 'PENDING', error: null });
    expect(toldOf(settled, 'call_a')).toEqual(['It was deployed.']);
  });
});

describe('cancelling a run', () => {
  it('says what the run still waited for, so that nobody approves it later', () => {
    const half = continued(pausedForTwo, now, resolved(requirementFor(pausedForTwo, 'call_a'), 'rejected'));
    expect(eventsOf(half, cancelRequested)).toMatchObject([
      { type: 'run.cancelled', data: { reason: 'postponed', requirements: [requirementFor(half, 'call_b')] } },
    ]);
    expect(continued(half, now, cancelRequested)).toMatchObject({
      error: 'postponed',
      lease: null,
      due_at: null,
      finished_at: now / 1000,
    });
  });

  it('ignores whatever still comes of the calls', () => {
    const cancelled = continued(paused, now, cancelRequested);
    for (const late of [resolved(asked, 'approved'), completed(asked), responded(text('Hello.'))]) {
      expect(decideRun(cancelled, late, now)).toEqual({ kind: 'ignored', reason: 'the run is CANCELLED' });
    }
  });
});
