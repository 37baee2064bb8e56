import { showRun } from '@countersign/contracts/runs';
import { toEpochSeconds, after } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { requirementOf } from './call.js';
import {
  byCaller,
  agent,
  asking,
  call,
  callEnded,
  callIn,
  callStarted,
  callTo,
  cancelRequested,
  claimed,
  completed,
  continued,
  eventsOf,
  now,
  outcomeUnknown,
  paused,
  pausedForTwo,
  postponed,
  requested,
  resolved,
  responded,
  runAfter,
  text,
  outcomeText,
  withDeadline,
} from '../../test/run.fixtures.js';
import type { RunMessage } from './messages.js';
import { decideRun } from './run.js';

const asked = callIn(paused, 'call_a');
const running = runAfter(requested, claimed);

describe('the execution of a call', () => {
  it('answers the call even when its approval arrives later', () => {
    const early = continued(paused, now, completed(asked, 'Deployed.'));
    expect(outcomeText(early, 'call_a')).toEqual(['Deployed.']);
    expect(callIn(early, 'call_a').confirmation).toBe(true);
    expect(decideRun(early, resolved(asked, 'approved'), now)).toEqual({
      kind: 'ignored',
      reason: 'the call is answered',
    });
  });

  it('keeps the run waiting while its outcome is unknown, and says what for', () => {
    const parked = continued(paused, now, outcomeUnknown(asked, 'the power failed'));
    expect(parked).toMatchObject({ status: 'PAUSED', due_at: null, error: null });
    const unknown = { at: toEpochSeconds(now), attempt: 1, reason: 'the power failed' };
    expect(callIn(parked, 'call_a')).toMatchObject({ state: 'asked', unknown });
    const shown = showRun(parked);
    expect(shown.unknown_outcomes).toMatchObject([{ ...unknown, execution_id: asked.id, tool_call_id: 'call_a' }]);
    expect(shown.error).toMatch(/the power failed.*not made again.*reconcile execution/);
    expect(shown.error).toContain(asked.id);
    expect(outcomeText(parked, 'call_a')).toEqual([]);
    const settled = continued(parked, now, completed(asked, 'It was deployed.'));
    expect(settled).toMatchObject({ status: 'PENDING', error: null, calls: [{ unknown: null }] });
    expect(showRun(settled)).toMatchObject({ error: null, unknown_outcomes: [] });
    expect(outcomeText(settled, 'call_a')).toEqual(['It was deployed.']);
  });

  it('is kept by the call when several outcomes are unknown', () => {
    const [a, b] = pausedForTwo.calls;
    const both = continued(pausedForTwo, now, outcomeUnknown(a!), outcomeUnknown(b!));
    expect(showRun(both).error!.split('\n')).toHaveLength(2);
    const half = continued(both, now, completed(a!));
    expect(half.calls).toMatchObject([{ unknown: null }, { unknown: { reason: 'its worker is gone' } }]);
    const other = continued(half, now, outcomeUnknown(b!, 'for another reason'));
    expect(showRun(other).unknown_outcomes).toMatchObject([{ execution_id: b!.id, reason: 'for another reason' }]);
  });

  it('is not forgotten when the worker of another call postpones the run, for whatever reason', () => {
    const turn = asking(call('call_a'), callTo('look_up', 'call_b', { what: 'it' }));
    const a = callIn(turn, 'call_a');
    const reason = `an MCP server is away: ${a.id}`;
    const unknown = continued(turn, now, outcomeUnknown(a, 'the power failed'));
    const waiting = continued(unknown, now, { ...postponed, reason } as RunMessage);
    expect(waiting.error).toBe(reason);
    expect(callIn(waiting, 'call_a').unknown).toMatchObject({ reason: 'the power failed' });
    const settled = continued(waiting, now, completed(a));
    expect(settled.error).toBe(reason);
    expect(showRun(settled).unknown_outcomes).toEqual([]);
  });

  it('of an earlier start changes nothing once a later one is known', () => {
    const second = { ...outcomeUnknown(asked, 'again'), data: { ...outcomeUnknown(asked, 'again').data, attempt: 2 } };
    const known = continued(paused, now, second);
    expect(decideRun(known, second, now).kind).toBe('ignored');
    expect(decideRun(known, outcomeUnknown(asked), now).kind).toBe('ignored');
  });
});

describe('a run that ends early', () => {
  it('says what it still waited for, so that nobody approves it later', () => {
    const half = continued(pausedForTwo, now, resolved(callIn(pausedForTwo, 'call_a'), 'rejected'));
    const requirements = [requirementOf(callIn(half, 'call_b'))];
    expect(eventsOf(half, cancelRequested)).toMatchObject([
      { type: 'run.cancelled', data: { reason: 'postponed', requirements } },
    ]);
    expect(continued(half, now, cancelRequested)).toMatchObject({
      error: 'postponed',
      lease: null,
      due_at: null,
      finished_at: toEpochSeconds(now),
    });
  });

  const told = 'Not answered: the run ended (CANCELLED) before that.';
  it('answers its open calls, so that its conversation can be sent to a model', () => {
    const cancelled = continued(asking(call('call_a'), call('call_x', ' ')), now, cancelRequested);
    expect(outcomeText(cancelled, 'call_a')).toEqual([told]);
    expect(outcomeText(cancelled, 'call_x')).toHaveLength(1);
  });

  it('notes how a call ended that was under way, once, and no longer tells the model', () => {
    const cancelled = continued(paused, now, cancelRequested);
    const noted = continued(cancelled, now, completed(asked, 'Deployed.'));
    expect(callIn(noted, 'call_a')).toMatchObject({ state: 'answered', tool_execution: { result: 'Deployed.' } });
    expect(outcomeText(noted, 'call_a')).toEqual([told]);
    expect(eventsOf(cancelled, completed(asked))).toEqual([]);
    expect(decideRun(noted, completed(asked), now)).toEqual({ kind: 'ignored', reason: 'the run is CANCELLED' });
  });

  it('notes that nobody knows what came of a call, until somebody does', () => {
    const cancelled = continued(paused, now, cancelRequested, outcomeUnknown(asked));
    expect(showRun(cancelled)).toMatchObject({ status: 'CANCELLED', unknown_outcomes: [{ execution_id: asked.id }] });
    expect(decideRun(cancelled, outcomeUnknown(asked), now).kind).toBe('ignored');
    expect(showRun(continued(cancelled, now, completed(asked))).unknown_outcomes).toEqual([]);
  });

  it('ignores whatever else still comes', () => {
    const cancelled = continued(paused, now, cancelRequested);
    for (const late of [resolved(asked, 'approved'), responded(text('Hello.'))]) {
      expect(decideRun(cancelled, late, now)).toEqual({ kind: 'ignored', reason: 'the run is CANCELLED' });
    }
  });
});

describe('arguments that are not for everybody', () => {
  const redacting = { ...agent, tools: agent.tools.map((tool) => ({ ...tool, redact: ['service_name'] })) };
  const response = { ...responded(call('call_a')), agent: redacting };
  const run = runAfter(withDeadline(after(now, 1)), claimed, response);

  it.each([
    ['run.paused', eventsOf(running, response)],
    ['run.cancelled', eventsOf(run, cancelRequested)],
    ['run.failed', eventsOf(run, claimed, after(now, 1))],
  ])('are hidden in %s', (type, [event]) => {
    const tool_args = { service_name: '[redacted]', version: '2.1.0' };
    expect(event).toMatchObject({ type, data: { requirements: [{ tool_execution: { tool_args } }] } });
    expect(JSON.stringify(event)).not.toContain('auth-service');
  });

  it('are asked for as they are, since what is approved is exactly the call', () => {
    const tool_args = { service_name: 'auth-service', version: '2.1.0' };
    expect(eventsOf(running, response)[1]).toMatchObject({
      type: 'tool.approval_required',
      data: { tool_args, requirement: { tool_execution: { tool_args } } },
    });
  });
});

describe('the journal of a run', () => {
  const lines = (run: { journal: { type: string }[] }) => run.journal.map(({ type }) => type);

  it('says what happened, in order', () => {
    const run = continued(
      running,
      now,
      responded(text('On it.'), callTo('look_up', 'call_b'), callTo('send', 'call_r')),
    );
    const [found, send] = run.calls;
    const done = continued(
      run,
      after(now, 1_000),
      callEnded(found!),
      byCaller({ id: send!.id, confirmed: true }),
      claimed,
      callStarted(send!),
      callEnded(send!),
      responded(text('Done.')),
    );
    const at = toEpochSeconds(now);
    expect(done.journal).toEqual([
      { at, type: 'started' },
      { at, type: 'text', items: [1, 4] },
      { at, type: 'call_started', call: found!.id },
      { at: at + 1, type: 'call_ended', call: found!.id },
      { at: at + 1, type: 'paused' },
      { at: at + 1, type: 'continued' },
      { at: at + 1, type: 'call_started', call: send!.id },
      { at: at + 1, type: 'call_ended', call: send!.id },
      { at: at + 1, type: 'text', items: [6, 7] },
      { at: at + 1, type: 'over' },
    ]);
  });

  it.each([
    ['approved', [resolved(asked, 'approved')], ['call_started']],
    ['approved and made', [resolved(asked, 'approved'), completed(asked)], ['call_started', 'call_ended', 'continued']],
    ['made, and its approval is not heard of', [completed(asked)], ['call_started', 'call_ended', 'continued']],
    ['refused', [resolved(asked, 'rejected')], ['call_ended', 'continued']],
    ['made after the run was over', [cancelRequested, completed(asked)], ['over', 'call_ended']],
  ] as const)('has a call of the executor that is %s', (_, messages, expected) => {
    expect(lines(continued(paused, now, ...messages)).slice(paused.journal.length)).toEqual(expected);
  });
});

describe('a request that the log never takes', () => {
  const { id } = callIn(paused, 'call_a');
  const neverPublished: RunMessage = {
    type: 'never_published',
    event: 'tool.approval_required',
    call: id,
    reason: 'larger than the broker takes',
  };

  it('ends its run, says so with a code, and waits for nothing more of that call', () => {
    const ended = continued(paused, now, neverPublished);
    expect(ended).toMatchObject({
      status: 'ERROR',
      error_code: 'not_publishable',
      unsettled: false,
      error: expect.stringMatching(/^The log never takes tool\.approval_required.*larger than the broker takes$/),
      calls: [{ state: 'answered', tool_execution: { tool_call_error: true } }],
    });
    const events = eventsOf(paused, neverPublished);
    expect(events).toMatchObject([{ type: 'run.failed', data: { error: ended.error, requirements: [] } }]);
  });

  it('does nothing to a run that has another outcome, or is over', () => {
    const rejected = continued(paused, now, resolved(callIn(paused, 'call_a'), 'rejected'));
    expect(decideRun(rejected, neverPublished, now).kind).toBe('ignored');
    expect(decideRun(continued(paused, now, cancelRequested), neverPublished, now).kind).toBe('ignored');
  });
});
