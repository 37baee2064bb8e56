import type { EventData } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { after, toEpochSeconds, type EpochSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { requirementOf } from './call.js';
import {
  agent,
  asking,
  byCaller,
  call,
  callEnded,
  callIn,
  callStarted,
  callTo,
  claimed,
  completed,
  continued,
  eventsOf,
  extended,
  lease_ms,
  modelFailed,
  now,
  other,
  paused,
  pausedForTwo,
  postponed,
  requested,
  resolved,
  responded,
  runAfter,
  text,
  outcomeText,
} from '../../test/run.fixtures.js';
import { decideRun } from './run.js';

const asked = callIn(paused, 'call_a');
const running = runAfter(requested, claimed);
const grant = callTo('grant', 'call_g', { what: 'it' });
const asksGrant = asking(grant);
const granted = callIn(asksGrant, 'call_g');
const filledIn = resolved(granted, 'approved', { tool_args: { what: 'it', hours: 2, ticket: 'SECRET-1' } });

describe('a run and its worker', () => {
  it('may be claimed by another worker from the millisecond its lease ends, and not before', () => {
    expect(decideRun(running, other(claimed), after(now, lease_ms - 1)).kind).toBe('rejected');
    expect(decideRun(running, other(claimed), after(now, lease_ms))).toMatchObject({
      kind: 'changed',
      state: { lease: { worker: 'worker-2', expires_at: now + 2 * lease_ms }, due_at: now + 2 * lease_ms },
    });
  });

  it('refuses what a worker says after another took over', () => {
    const taken = continued(running, after(now, lease_ms), other(claimed));
    for (const late of [responded(text('Hello.')), modelFailed(null), postponed, extended]) {
      expect(decideRun(taken, late, after(now, lease_ms))).toEqual({
        kind: 'rejected',
        code: 'lease_lost',
        reason: 'another worker holds this run',
      });
    }
  });

  it('keeps its lease for as long as its worker extends it', () => {
    const longer = continued(running, after(now, 20_000), extended);
    expect(longer).toMatchObject({ lease: { expires_at: now + 50_000 }, due_at: now + 50_000 });
  });

  it('is due again when the model may be asked again, and says why it waits', () => {
    const waiting = continued(running, now, modelFailed(5_000));
    expect(waiting).toMatchObject({ due_at: now + 5_000, failures: 1, error: 'overloaded', lease: null });
    expect(decideRun(waiting, claimed, after(now, 4_999)).kind).toBe('rejected');
    const again = continued(waiting, after(now, 5_000), claimed, modelFailed(10_000));
    expect(again).toMatchObject({ due_at: now + 15_000, failures: 2 });
  });

  it('forgets earlier failures once the model answers', () => {
    const waiting = continued(running, now, modelFailed(0));
    expect(continued(waiting, now, claimed, responded(text('Hello.')))).toMatchObject({ failures: 0, error: null });
  });

  it('waits for its turn without counting that as a failure, and no longer than until the turn comes', () => {
    const waiting = continued(running, now, postponed);
    expect(waiting).toMatchObject({ status: 'PENDING', due_at: now + 5_000, failures: 0, error: 'not its turn' });
    expect(continued(waiting, after(now, 10), { type: 'turn_came' })).toMatchObject({ due_at: after(now, 10) });
  });

  it('keeps its place in the session and the definition that it had with its first answer', () => {
    expect(running).toMatchObject({ turn: null, agent_version: null });
    const begun = continued(running, now, { ...responded(), turn: 3 });
    expect(begun).toMatchObject({ turn: 3, agent_version: agent.version });
    const changed = { ...responded(text('Hello.')), turn: 3, agent: { ...agent, version: 'of-a-later-definition' } };
    expect(continued(begun, now, changed)).toMatchObject({ status: 'COMPLETED', agent_version: agent.version });
  });

  it('refuses an answer of the model while a call of its last turn is open', () => {
    const response = responded(callTo('look_up', 'call_b'));
    expect(decideRun(continued(running, now, response), response, now)).toEqual({
      kind: 'rejected',
      code: 'calls_open',
      reason: 'calls of its last turn are open',
    });
  });
});

describe("a turn of the model's", () => {
  it('adds its items as they are, and its cost to the sum', () => {
    const reasoning = { type: 'reasoning', encrypted_content: 'sealed', summary: [] };
    const run = continued(running, now, responded(reasoning, call('call_a')));
    expect(run.items).toEqual([{ type: 'message', role: 'user', content: 'Deploy it.' }, reasoning, call('call_a')]);
    const done = continued(run, now, completed(asked), claimed, responded(text('Deployed.')));
    expect(done).toMatchObject({ usage: { input_tokens: 20, output_tokens: 6 }, steps: 2, content: 'Deployed.' });
  });

  it('does not obey a decision whose arguments are not the ones that its digest is of', () => {
    const asked = callIn(paused, 'call_a');
    const { digest } = resolved(asked, 'approved').data;
    const forged = resolved(asked, 'approved', { tool_args: { service_name: 'billing', version: '6.6.6' }, digest });
    expect(decideRun(paused, forged, now)).toEqual({
      kind: 'rejected',
      code: 'arguments_changed',
      reason: 'the arguments are not the ones that were approved',
    });
  });

  it('asks for an approval of each call, tied to the call by its digest', () => {
    const response = responded(text('Both are ready.'), call('call_a'), call('call_b', 'billing', '3.0.0'));
    const [pausedEvent, ...required] = eventsOf(running, response);
    const requirements = pausedForTwo.calls.map(requirementOf);
    expect(pausedEvent).toMatchObject({ type: 'run.paused', data: { requirements } });
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

  it('asks for the approval of a call at once, also while others are being made', () => {
    const events = eventsOf(running, responded(callTo('look_up', 'call_b'), callTo('refund', 'call_c')));
    expect(events).toMatchObject([
      { type: 'tool.approval_required', data: { tool_call_id: 'call_c', pause_type: 'confirmation' } },
    ]);
  });

  it('pauses for its good calls, and answers its bad ones meanwhile', () => {
    const run = continued(running, now, responded(call('call_a'), call('call_x', ' ')));
    expect(run).toMatchObject({ status: 'PAUSED', calls: [{ tool_execution: { tool_call_id: 'call_a' } }] });
    expect([outcomeText(run, 'call_a').length, outcomeText(run, 'call_x').length]).toEqual([0, 1]);
  });

  it('may use a call id again: each use is a call of its own', () => {
    const twice = asking(call('call_a'), call('call_a', 'billing'));
    const [first, second] = twice.calls;
    expect(first!.id).not.toBe(second!.id);
    const once = continued(twice, now, completed(first!, 'one'));
    expect(once.status).toBe('PAUSED');
    const both = continued(once, now, completed(second!, 'two'), claimed, responded(call('call_a', 'search')));
    expect([...outcomeText(both, 'call_a'), ...outcomeText(both, 'call_a#1')]).toEqual(['one', 'two']);
    expect(new Set(both.calls.map(({ id }) => id)).size).toBe(3);
  });
});

describe('the request of a call', () => {
  const beganAt = (requested_at?: EpochSeconds) =>
    eventsOf(
      runAfter(
        { ...requested, run: { ...requested.run, ...(requested_at !== undefined && { requested_at }) } },
        claimed,
      ),
      responded(call('call_a')),
    ).flatMap((event) => (event.type === 'tool.approval_required' ? [event.data.run_began_at] : []));
  const at = toEpochSeconds(now);

  it('says when its run began, at the earliest where a sender says when: a restore goes by it', () => {
    expect(beganAt()).toEqual([at]);
    expect(beganAt(after(at, -600))).toEqual([after(at, -630)]);
    expect(beganAt(after(at, 30))).toEqual([after(at, -30)]);
    expect(beganAt(after(at, 3_600))).toEqual([0]);
  });
});

describe('the decision on a call', () => {
  it('leaves a call of the executor open until it was made', () => {
    const approved = continued(paused, now, resolved(asked, 'approved', { resolution_data: { note: 'go' } }));
    expect(callIn(approved, 'call_a')).toMatchObject({
      state: 'asked',
      confirmation: true,
      confirmation_note: 'go',
      tool_execution: { confirmed: true, result: null },
    });
    expect(outcomeText(approved, 'call_a')).toEqual([]);
  });

  it('has the executor make the call, with what a person filled in', () => {
    const run = continued(asksGrant, now, filledIn);
    expect(run).toMatchObject({ status: 'PAUSED', due_at: null });
    expect(callIn(run, 'call_g')).toMatchObject({
      state: 'asked',
      confirmation: true,
      proposed_args: { what: 'it' },
      user_input_schema: [
        { name: 'hours', field_type: 'int', value: 2 },
        { name: 'ticket', field_type: 'str', value: 'SECRET-1' },
      ],
      tool_execution: { tool_args: { what: 'it', hours: 2, ticket: 'SECRET-1' }, answered: true },
    });
  });

  it('of one call leaves the others to be decided on: the model is asked once all are answered, each once', () => {
    const [a, b] = ['call_a', 'call_b'].map((id) => callIn(pausedForTwo, id));
    const half = continued(pausedForTwo, now, resolved(a!, 'rejected'));
    expect(half).toMatchObject({ status: 'PAUSED', due_at: null });
    expect(eventsOf(pausedForTwo, resolved(a!, 'rejected'))).toEqual([]);
    const approved = continued(half, now, resolved(b!, 'approved'));
    expect(approved.status).toBe('PAUSED');
    const whole = continued(approved, now, completed(b!, 'Deployed billing 3.0.0'));
    expect(whole).toMatchObject({ status: 'PENDING', due_at: now });
    expect(outcomeText(whole, 'call_a')).toHaveLength(1);
    expect(outcomeText(whole, 'call_b')).toEqual(['Deployed billing 3.0.0']);
  });

  it('of one call lets a worker make it while another is still asked for, and pauses for that one again', () => {
    const two = asking(callTo('send', 'call_r'), grant);
    const send = callIn(two, 'call_r');
    const making = continued(two, now, byCaller({ id: send.id, confirmed: true }), claimed, callStarted(send));
    const again = continued(making, now, callEnded(send));
    expect(again).toMatchObject({ status: 'PAUSED', lease: null, due_at: null });
    expect(eventsOf(making, callEnded(send))).toMatchObject([
      { type: 'run.paused', data: { requirements: [{ id: granted.id }] } },
    ]);
  });

  it('on several calls may come from the caller at once', () => {
    const two = asking(callTo('send', 'call_s'), callTo('ask_person', 'call_p', { question: 'When?' }));
    const [send, ask] = two.calls;
    const run = continued(
      two,
      now,
      byCaller({ id: send!.id, confirmed: true, note: 'go' }, { id: ask!.id, values: { answer: 'at noon' } }),
    );
    expect(run.calls).toMatchObject([
      { state: 'ready', confirmation: true, confirmation_note: 'go' },
      { state: 'answered', tool_execution: { answered: true } },
    ]);
    expect(eventsOf(two, byCaller({ id: send!.id, confirmed: true }))).toMatchObject([{ type: 'run.continued' }]);
  });

  it('on a call of an approval is never the caller’s', () => {
    expect(decideRun(paused, byCaller({ id: asked.id, confirmed: true }), now)).toEqual({
      kind: 'rejected',
      code: 'decided_by_approval',
      reason: `call ${asked.id} is decided by its approval, not by the client that continues the run`,
    });
  });
});

describe('a worker that is gone', () => {
  it('leaves a call that needs no leave to be made again', () => {
    const taken = continued(asking(callTo('look_up', 'call_b')), after(now, lease_ms), other(claimed));
    expect(taken).toMatchObject({ status: 'RUNNING', lease: { worker: 'worker-2' }, calls: [{ state: 'ready' }] });
  });

  it('leaves a run paused that then waits for people only', () => {
    const two = asking(callTo('send', 'call_r'), grant);
    const send = callIn(two, 'call_r');
    const making = continued(two, now, byCaller({ id: send.id, confirmed: true }), claimed, callStarted(send));
    const taken = continued(making, after(now, lease_ms), other(claimed));
    expect(taken).toMatchObject({ status: 'PAUSED', lease: null, due_at: null });
    expect(callIn(taken, 'call_r')).toMatchObject({ state: 'answered', tool_execution: { tool_call_error: true } });
  });
});
