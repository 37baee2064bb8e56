import { after, toEpochSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import {
  agent,
  asking,
  call,
  callEnded,
  callIn,
  callTo,
  cancelRequested,
  claimed,
  completed,
  continued,
  eventsOf,
  modelFailed,
  now,
  outcomeUnknown,
  paused,
  requested,
  resolved,
  responded,
  retryRequested,
  runAfter,
  text,
  outcomeText,
  withDeadline,
} from '../../../test/run.fixtures.js';
import type { RunMessage } from '../messages.js';
import { decideRun } from '../run.js';

const running = runAfter(requested, claimed);
const failing = (change: object = {}): RunMessage => ({ ...modelFailed(5_000), ...change }) as RunMessage;
const ended = (change: object = {}) => failing({ retry_after_ms: null, ...change });
const asked = callIn(paused, 'call_a');
const deployed = continued(paused, now, completed(asked, 'Deployed.'), claimed);
const failed = continued(deployed, now, ended({ code: 'model_input_too_large' }));
const late = continued(
  runAfter(withDeadline(after(now, 1_000)), claimed, responded(call('call_a'))),
  after(now, 1_000),
  claimed,
);

describe('a run whose model fails', () => {
  it('waits, and says since when and why, until the model answers', () => {
    const first = continued(running, now, failing({ code: 'model_unauthorized' }));
    expect(first).toMatchObject({
      status: 'PENDING',
      error_code: 'model_unauthorized',
      waiting_since: toEpochSeconds(now),
      failures: 1,
    });
    const later = after(now, 60_000);
    const second = continued(first, later, claimed, failing({ code: 'model_rate_limited' }));
    expect(second).toMatchObject({ error_code: 'model_rate_limited', waiting_since: first.waiting_since, failures: 2 });
    const answered = continued(second, after(later, 5_000), claimed, responded(text('Done.')));
    expect(answered).toMatchObject({ status: 'COMPLETED', error_code: null, waiting_since: null, failures: 0 });
  });

  it.each([
    ['too_many_failures', { max_failures: 1 }],
    ['token_budget_spent', { budget: { tokens: 10, seconds: null } }],
    ['time_budget_spent', { budget: { tokens: null, seconds: 1 } }],
  ])('ends with %s by the limits of its agent', (code, limit) => {
    const message = failing({ agent: { ...agent, ...limit } });
    const spent = { ...running, usage: { input_tokens: 9, output_tokens: 2 } };
    expect(decideRun(spent, message, after(now, 1_000))).toMatchObject({
      state: { status: 'ERROR', error_code: code },
      events: [{ type: 'run.failed' }],
    });
  });

  it('is tried at once when somebody says so', () => {
    const waiting = continued(running, now, failing({ code: 'model_not_found' }));
    expect(continued(waiting, after(now, 1), retryRequested)).toMatchObject({
      status: 'PENDING',
      due_at: after(now, 1),
    });
  });
});

describe('a run that ended with an error', () => {
  it('goes on from its last step, with all that was answered, and makes nothing again', () => {
    const again = continued(failed, now, retryRequested);
    expect(again).toMatchObject({
      status: 'PENDING',
      due_at: now,
      error: null,
      error_code: null,
      finished_at: null,
      turn: null,
      failures: 0,
      steps: 1,
    });
    expect(eventsOf(failed, retryRequested)).toMatchObject([{ type: 'run.continued' }]);
    expect([again.items, again.calls]).toEqual([failed.items, failed.calls]);
    const done = continued(again, now, claimed, responded(text('Deployed.')));
    expect(done).toMatchObject({ status: 'COMPLETED', content: 'Deployed.' });
  });

  it('is tried again once, however often it is said', () => {
    const again = continued(failed, now, retryRequested);
    expect(decideRun(again, retryRequested, now).kind).toBe('ignored');
    expect(decideRun(continued(again, now, claimed), retryRequested, now).kind).toBe('ignored');
  });

  it('takes a new deadline', () => {
    const deadline_at = after(now, 60_000);
    const settled = continued(late, after(now, 1_100), resolved(callIn(late, 'call_a'), 'cancelled'));
    expect(continued(settled, after(now, 2_000), { type: 'retry_requested', deadline_at }).deadline_at).toBe(
      deadline_at,
    );
  });

  it.each(['max_steps_reached', 'token_budget_spent', 'time_budget_spent', 'session_refused'])(
    'is over for good with %s',
    (code) =>
      expect(decideRun(continued(deployed, now, ended({ code })), retryRequested, now)).toMatchObject({
        kind: 'rejected',
        code: 'run_over',
      }),
  );

  it('is never tried again once it was cancelled, or has its answer', () => {
    for (const last of [cancelRequested, responded(text('Done.'))])
      expect(decideRun(continued(running, now, last), retryRequested, now)).toMatchObject({ code: 'run_over' });
    const again = continued(failed, now, retryRequested);
    expect(decideRun(continued(again, now, cancelRequested), retryRequested, now)).toMatchObject({ code: 'run_over' });
  });

  it('waits for what becomes of each approved call, and tells the model', () => {
    const open = callIn(late, 'call_a');
    const at = after(now, 2_000);
    const refusal = { kind: 'rejected', code: 'calls_open' };
    expect(late).toMatchObject({ status: 'ERROR', error_code: 'deadline_passed' });
    expect(decideRun(late, retryRequested, at)).toMatchObject(refusal);
    const unknown = continued(late, at, outcomeUnknown(open));
    expect(decideRun(unknown, retryRequested, at)).toMatchObject(refusal);
    expect(decideRun(late, resolved(open, 'approved'), at).kind).toBe('ignored');
    const known = continued(unknown, at, completed(open, 'Deployed after all.'));
    const again = continued(known, at, retryRequested, claimed);
    expect(JSON.stringify(again.items.at(-1))).toContain('Deployed after all.');
    expect(outcomeText(again, 'call_a')).toHaveLength(1);
  });

  it('goes on once the request for its call is void, which tells the model so', () => {
    const void_ = continued(late, after(now, 1_100), resolved(callIn(late, 'call_a'), 'cancelled'));
    expect(void_).toMatchObject({ status: 'ERROR', calls: [{ state: 'answered' }] });
    const again = continued(void_, after(now, 2_000), retryRequested);
    expect(JSON.stringify(again.items.at(-1))).toContain('The request was cancelled.');
  });

  it('answers what its caller left open, and what a worker did not see to its end is not made again', () => {
    const send = continued(asking(callTo('send', 'call_s'), callTo('look_up', 'call_l')), now, ended());
    const again = continued(send, now, retryRequested);
    expect(again.calls.map(({ state }) => state)).toEqual(['answered', 'answered']);
    expect(decideRun(again, callEnded(callIn(send, 'call_s')), now).kind).toBe('rejected');
    expect(JSON.stringify(again.items.at(-1))).toContain('it is not made again');
  });
});
