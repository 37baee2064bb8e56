import { after, toEpochSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import {
  agent,
  call,
  callIn,
  callTo,
  claimed,
  completed,
  continued,
  extended,
  lease_ms,
  modelFailed,
  now,
  other,
  postponed,
  released,
  requested,
  responded,
  runAfter,
  text,
  withDeadline,
} from '../../../test/run.fixtures.js';
import { decideRun } from '../run.js';

const running = runAfter(requested, claimed);
const over = (error: string) => ({ state: { status: 'ERROR', error }, events: [{ type: 'run.failed' }] });

describe('a limit of the agent', () => {
  const eager = { ...agent, max_steps: 1 };
  const thrifty = { ...agent, budget: { tokens: 13, seconds: null } };
  const hasty = { ...agent, budget: { tokens: null, seconds: 2 } };

  it('on model calls ends a run that would need one more', () => {
    const transition = decideRun(running, { ...responded(call('call_a')), agent: eager }, now);
    expect(transition).toMatchObject(over('no answer after 1 model calls, the limit of ops'));
    expect(transition).toMatchObject({ state: { finished_at: toEpochSeconds(now) } });
  });

  it('on tokens ends a run that has used them', () => {
    const transition = decideRun(running, { ...responded(callTo('look_up', 'call_a')), agent: thrifty }, now);
    expect(transition).toMatchObject(over('no answer after 13 tokens, the budget of ops is 13'));
    const roomy = { ...agent, budget: { tokens: 14, seconds: null } };
    expect(decideRun(running, { ...responded(), agent: roomy }, now)).toMatchObject({ state: { status: 'RUNNING' } });
  });

  it('on time ends a run that was worked on for so long', () => {
    const transition = decideRun(running, { ...responded(), agent: hasty }, after(now, 2_000));
    expect(transition).toMatchObject(over('no answer after 2 s of work, the budget of ops is 2 s'));
    expect(decideRun(running, { ...responded(), agent: hasty }, after(now, 1_999))).toMatchObject({
      state: { status: 'RUNNING' },
    });
  });

  it.each([eager, thrifty, hasty])('never takes an answer away: %#', (limitedAgent) => {
    const answer = decideRun(running, { ...responded(text('Done.')), agent: limitedAgent }, after(now, 2_000));
    expect(answer).toMatchObject({ state: { status: 'COMPLETED', content: 'Done.' } });
  });

  it('voids the calls that the model wanted then: nobody is asked for them', () => {
    const response = { ...responded(call('call_a'), callTo('look_up', 'call_b')), agent: eager };
    const { state, events } = decideRun(running, response, now) as Extract<
      ReturnType<typeof decideRun>,
      { kind: 'changed' }
    >;
    expect(events).toMatchObject([{ data: { requirements: [{ id: callIn(state, 'call_a').id }] } }]);
    const outputs = state.items.filter(({ type }) => type === 'function_call_output');
    expect(outputs.map((item) => item['call_id'])).toEqual(['call_a', 'call_b']);
  });
});

describe('the time that workers spent on a run', () => {
  it('is counted from a claim until the run is given back, and not while it waits', () => {
    const first = continued(running, after(now, 1_000), modelFailed(5_000));
    expect(first).toMatchObject({ worked_ms: 1_000, working_since_ms: null });
    const second = continued(
      continued(first, after(now, 6_000), claimed),
      after(now, 6_500),
      responded(call('call_a')),
    );
    expect(second).toMatchObject({ status: 'PAUSED', worked_ms: 1_500 });
    const third = continued(second, after(now, 90_000), completed(second.calls[0]!), claimed);
    expect(third).toMatchObject({ worked_ms: 1_500, working_since_ms: now + 90_000 });
    expect(continued(third, after(now, 91_000), responded(text('Done.')))).toMatchObject({ worked_ms: 2_500 });
  });

  it('goes on while the lease is extended', () => {
    const longer = continued(running, after(now, 20_000), extended);
    expect(continued(longer, after(now, 40_000), released)).toMatchObject({ worked_ms: 40_000 });
  });

  it('ends with the lease when the worker is gone', () => {
    const taken = continued(running, after(now, 3 * lease_ms), other(claimed));
    expect(taken).toMatchObject({ worked_ms: lease_ms, working_since_ms: now + 3 * lease_ms });
  });
});

describe('the deadline of a run', () => {
  const late = 'the deadline of the run has passed';
  const run = runAfter(withDeadline(after(now, 10_000)));
  const working = continued(run, now, claimed);

  it('is when a paused run is due', () => {
    const paused = continued(working, now, responded(call('call_a')));
    expect(paused).toMatchObject({ status: 'PAUSED', due_at: now + 10_000 });
    expect(decideRun(paused, claimed, after(now, 9_999)).kind).toBe('rejected');
    expect(decideRun(paused, claimed, after(now, 10_000))).toMatchObject(over(late));
  });

  it('comes before whatever else the run waits for', () => {
    expect(continued(working, now, modelFailed(60_000))).toMatchObject({ due_at: now + 10_000 });
    expect(
      continued(working, after(now, 8_000), { ...postponed, until: after(now, 99_000) } as typeof postponed),
    ).toMatchObject({
      due_at: now + 10_000,
    });
  });

  it('ends a run whose worker still works, when that extends its lease', () => {
    expect(decideRun(working, extended, after(now, 9_999)).kind).toBe('changed');
    expect(decideRun(working, extended, after(now, 10_000))).toMatchObject(over(late));
  });
});
