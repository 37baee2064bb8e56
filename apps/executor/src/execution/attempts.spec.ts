import { after, toEpochMillis } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import * as given from '../../test/execution.fixtures.js';
import {
  approved,
  claimed,
  continued,
  executionAfter,
  lease_ms,
  lost,
  now,
  nowSeconds,
} from '../../test/execution.fixtures.js';
import { decideExecution } from './execution.js';
import type { ExecutionMessage } from './messages.js';

const at = (execution: ReturnType<typeof executionAfter>, message: ExecutionMessage, when = now) =>
  continued(execution, when, message);
const again = (worker: string): ExecutionMessage => ({ ...claimed, worker }) as ExecutionMessage;

describe('a failure that may pass', () => {
  const started = executionAfter(approved(), claimed);

  it('puts the call back into the queue, later each time', () => {
    const first = at(started, given.failedForNow);
    expect(first).toMatchObject({
      status: 'queued',
      due_at: now + 1_000,
      lease: null,
      held_by: { code: 'retry', detail: 'exit code 75' },
      attempts: [{ outcome: 'failed', reason: 'exit code 75', ended_at: nowSeconds }],
    });
    const second = continued(first, after(now, 1_000), claimed, given.failedForNow);
    expect(second).toMatchObject({ due_at: now + 3_000, attempts: [{ attempt: 1 }, { attempt: 2 }] });
  });

  it('is not tried before the target wants it, nor later than the longest wait unless it does', () => {
    expect(at(started, { ...given.failedForNow, retry_after_ms: 90_000 } as ExecutionMessage).due_at).toBe(
      after(now, 90_000),
    );
    const short = executionAfter(approved({ terms: { retry: { first_ms: 8_000, longest_ms: 5_000 } } }), claimed);
    expect(at(short, given.failedForNow).due_at).toBe(now + 5_000);
  });

  it.each([
    [NaN, 1_000],
    [-5, 1_000],
    [1_000.5, 1_001],
    [Infinity, 86_400_000],
  ])('is tried again at some time, whatever the target wants: %d', (retry_after_ms, wait) => {
    expect(at(started, { ...given.failedForNow, retry_after_ms } as ExecutionMessage).due_at).toBe(after(now, wait));
  });

  it('ends the call when there have been enough attempts, and says what came of the last', () => {
    const once = executionAfter(approved({ terms: { max_attempts: 1 } }), claimed);
    expect(at(once, given.failedForNow)).toMatchObject({ status: 'failed', error: 'exit code 75' });
  });

  it('ends the call when somebody has asked for it to be stopped', () => {
    const stopping = at(started, given.cancelRequested);
    expect(at(stopping, given.failedForNow)).toMatchObject({ status: 'failed', cancel: { by: 'ada' } });
  });

  it('gives the next attempt a number of its own, and refuses what the worker of the last one says', () => {
    const next = continued(at(started, given.failedForNow), after(now, 1_000), again('worker-2'));
    expect(next).toMatchObject({ status: 'running', error: null, attempts: [{ attempt: 1 }, { attempt: 2 }] });
    expect(decideExecution(next, given.succeeded, after(now, 1_000))).toEqual({
      kind: 'rejected',
      code: 'lease_lost',
      reason: 'the execution is running, not held by worker-1',
    });
  });
});

describe('a start that nobody saw the end of', () => {
  it('is followed by another where the tool is idempotent, as often as the attempts allow', () => {
    const lostOnce = executionAfter(given.idempotent, claimed, lost);
    expect(lostOnce).toMatchObject({
      status: 'queued',
      due_at: now + 1_000,
      attempts: [{ outcome: 'outcome_unknown' }],
    });
    const lostAlways = continued(lostOnce, after(now, 60_000), claimed, lost);
    const last = continued(lostAlways, after(now, 120_000), claimed, lost);
    expect(last).toMatchObject({ status: 'outcome_unknown', attempts: [{}, {}, {}] });
  });

  it('is never followed by another where one start was promised', () => {
    expect(executionAfter(approved(), claimed, lost)).toMatchObject({ status: 'outcome_unknown', due_at: null });
  });

  it('is not followed by another when somebody wanted it stopped', () => {
    const stopped = executionAfter(given.idempotent, claimed, given.cancelRequested, lost);
    expect(stopped).toMatchObject({ status: 'outcome_unknown' });
  });

  it('is asked about where the target can be asked, by any worker, and again when that one dies', () => {
    const asking = executionAfter(given.askable, claimed, lost, again('worker-2'));
    expect(asking).toMatchObject({ status: 'reconciling', lease: { worker: 'worker-2' }, attempts: [{ attempt: 1 }] });
    const later = continued(asking, after(now, lease_ms), again('worker-3'));
    expect(later).toMatchObject({ status: 'reconciling', lease: { worker: 'worker-3' }, attempts: [{ attempt: 1 }] });
  });

  const asking = executionAfter(given.askable, claimed, lost, claimed);
  it('ends as the target says', () => {
    expect(at(asking, given.succeeded)).toMatchObject({
      status: 'succeeded',
      result: 'Deployed.',
      reconciled: { by: null, at: nowSeconds },
      attempts: [{ outcome: 'outcome_unknown' }],
    });
    expect(at(asking, given.failed)).toMatchObject({ status: 'failed', reconciled: { by: null } });
  });

  it('waits for a person when it never arrived and one start was promised: its worker may just be slow', () => {
    expect(at(asking, given.failedForNow)).toMatchObject({
      status: 'outcome_unknown',
      error: 'ended by SIGKILL; the target says: exit code 75',
    });
  });

  it('is followed by another when it never arrived and the tool is idempotent, while there are attempts left', () => {
    const terms = { semantics: 'idempotent', max_attempts: 2, can_reconcile: true } as const;
    const twice = continued(
      executionAfter(approved({ terms }), claimed, lost),
      after(now, 1_000),
      claimed,
      lost,
      claimed,
    );
    expect(twice).toMatchObject({ status: 'reconciling', attempts: [{}, {}] });
    expect(continued(twice, after(now, 1_000), given.failedForNow)).toMatchObject({ status: 'outcome_unknown' });
  });

  it('waits for a person when the target says of one of several such starts that it failed', () => {
    const terms = { semantics: 'idempotent', max_attempts: 2, can_reconcile: true } as const;
    const twice = continued(
      executionAfter(approved({ terms }), claimed, lost),
      after(now, 1_000),
      claimed,
      lost,
      claimed,
    );
    expect(continued(twice, after(now, 1_000), given.failed)).toMatchObject({ status: 'outcome_unknown' });
    expect(continued(twice, after(now, 1_000), given.failedForAll)).toMatchObject({ status: 'failed' });
  });

  it('waits for a person when the target cannot tell', () => {
    expect(at(asking, lost)).toMatchObject({
      status: 'outcome_unknown',
      error: 'ended by SIGKILL; the target cannot tell: ended by SIGKILL',
    });
  });

  it('is followed by another when a person says that this does no harm', () => {
    const unknown = executionAfter(approved(), claimed, lost);
    expect(decideExecution(unknown, given.retried, now)).toMatchObject({ kind: 'rejected', code: 'may_be_done_twice' });
    expect(at(unknown, given.retriedAnyway)).toMatchObject({
      status: 'queued',
      due_at: now,
      error: null,
      note: 'Nothing happened.',
      held_by: { code: 'retry', detail: 'requested by ada' },
    });
  });

  it('needs no such word where the tool is idempotent', () => {
    const exhausted = executionAfter(approved({ terms: { semantics: 'idempotent', max_attempts: 1 } }), claimed, lost);
    expect(at(exhausted, given.retried)).toMatchObject({ status: 'queued', due_at: now });
  });
});

describe('a call that may have been made by a start that nobody saw the end of', () => {
  const twice = { semantics: 'idempotent', max_attempts: 2 } as const;
  const endings: [string, ExecutionMessage[]][] = [
    ['there are no attempts left', [claimed, given.failedForNow]],
    ['it is refused', [given.refused]],
    ['somebody cancels it', [given.cancelRequested]],
    ['somebody stops it', [claimed, given.cancelRequested, given.failed]],
    ['its run is over', [given.cancelled]],
    ['another start of it failed', [claimed, given.failed]],
  ];

  it.each(endings)('waits for a person when %s', (_, messages) => {
    const queued = executionAfter(approved({ terms: twice }), claimed, lost);
    const over = continued(queued, after(now, 60_000), ...messages);
    expect(over).toMatchObject({ status: 'outcome_unknown', error: expect.stringMatching(/^ended by SIGKILL; /) });
    expect(at(over, given.settled('succeeded'))).toMatchObject({ status: 'succeeded' });
  });

  it.each(endings)('is asked about where the target can be asked when %s, and not started again', (_, messages) => {
    const queued = executionAfter(approved({ terms: { ...twice, can_reconcile: true } }), claimed, lost);
    const asked = continued(queued, after(now, 60_000), ...messages, claimed);
    expect(asked).toMatchObject({ status: 'reconciling' });
    expect(at(asked, given.succeeded)).toMatchObject({ status: 'succeeded', error: null });
    expect(at(asked, given.failed)).toMatchObject({ status: 'failed' });
    expect(at(asked, given.failedForNow)).toMatchObject({ status: 'outcome_unknown' });
  });

  it('waits for a person when they had it started again, and that start failed', () => {
    const messages = [approved(), claimed, lost, given.retriedAnyway, claimed, given.failed];
    expect(executionAfter(...messages)).toMatchObject({ status: 'outcome_unknown' });
  });

  it('has failed when its target says so of all that was asked with the same key', () => {
    const queued = executionAfter(given.idempotent, claimed, lost);
    expect(continued(queued, after(now, 60_000), claimed, given.failedForAll)).toMatchObject({ status: 'failed' });
    const anyway = [approved(), claimed, lost, given.retriedAnyway, claimed, given.failedForAll];
    expect(executionAfter(...anyway)).toMatchObject({ status: 'outcome_unknown' });
  });
});

describe('an attempt that its worker did not begin', () => {
  const once = approved({ terms: { max_attempts: 1 } });

  it('puts the call back where it was, and counts as no start', () => {
    const back = executionAfter(once, claimed, given.notBegun);
    expect(back).toMatchObject({
      status: 'queued',
      due_at: now,
      lease: null,
      held_by: { code: 'kill_switch' },
      attempts: [{ attempt: 1, begun: false, outcome: 'failed', reason: 'not begun: a kill switch was turned' }],
    });
    const next = at(back, again('worker-2'));
    expect(next).toMatchObject({ status: 'running', attempts: [{}, { attempt: 2, begun: true }] });
    expect(continued(next, now, { ...given.succeeded, worker: 'worker-2' } as ExecutionMessage).status).toBe(
      'succeeded',
    );
  });

  it.each([
    ['its run was over', given.cancelled],
    ['somebody cancelled it', given.cancelRequested],
  ])('is not followed by another when %s meanwhile: nothing was done', (_, message) => {
    expect(executionAfter(once, claimed, message, given.notBegun)).toMatchObject({ status: 'cancelled' });
  });

  it('says nothing of an earlier start that nobody saw the end of', () => {
    const twice = executionAfter(given.idempotent, claimed, lost);
    const back = continued(twice, after(now, 60_000), claimed, given.cancelRequested, given.notBegun);
    expect(back).toMatchObject({ status: 'outcome_unknown' });
  });

  it('is not the one that is asked about', () => {
    const asking = executionAfter(given.askable, claimed, lost, claimed);
    expect(at(asking, given.notBegun)).toMatchObject({
      status: 'outcome_unknown',
      attempts: [{ outcome: 'outcome_unknown', begun: true }],
    });
  });

  it('is reported late as well, for whoever has to find out', () => {
    const late = executionAfter(approved(), claimed, lost, given.notBegun);
    expect(late).toMatchObject({
      status: 'outcome_unknown',
      attempts: [{ late_report: 'not begun: a kill switch was turned' }],
    });
  });
});

describe('a call that may not begin yet', () => {
  it('waits after the approval for as long as its tool says', () => {
    const waiting = executionAfter(approved({ terms: { not_before: after(nowSeconds, 600) } }));
    expect(waiting).toMatchObject({
      due_at: toEpochMillis(after(nowSeconds, 600)),
      held_by: { code: 'wait', until: nowSeconds + 600 },
    });
    expect(decideExecution(waiting, claimed, now).kind).toBe('rejected');
    expect(continued(waiting, toEpochMillis(after(nowSeconds, 600)), claimed)).toMatchObject({
      status: 'running',
      held_by: null,
    });
  });

  it('is not begun any more when its time is over, nor when its decision does not hold any more', () => {
    const stale = executionAfter(approved({ terms: { start_by: after(nowSeconds, 60) } }));
    expect(continued(stale, after(now, 61_000), claimed)).toMatchObject({
      status: 'failed',
      error: 'not executed: the time to begin it is over',
    });
    expect(at(executionAfter(approved()), given.refused)).toMatchObject({
      status: 'failed',
      error: 'not executed: The time to act on the decision is over.',
      attempts: [],
    });
  });

  it('is not begun when its arguments have been changed where they are stored', () => {
    const tampered = { ...executionAfter(approved()), tool_args: { service_name: 'auth-service', version: '6.6.6' } };
    expect(at(tampered, claimed)).toMatchObject({ status: 'failed', attempts: [] });
  });
});

describe('a call that a person makes', () => {
  const waiting = executionAfter(given.byPerson, claimed);

  it('waits for their report, for as long as it takes', () => {
    expect(waiting).toMatchObject({
      status: 'awaiting_report',
      due_at: null,
      lease: null,
      attempts: [{ made_by: 'person', worker: null, reported_by: null, ended_at: null }],
    });
    expect(decideExecution(executionAfter(given.byPerson), claimed, now)).toMatchObject({
      events: [{ data: { made_by: 'person', worker: null } }],
    });
  });

  it('ends as they say, under their name', () => {
    expect(at(waiting, given.reported('succeeded'))).toMatchObject({
      status: 'succeeded',
      result: 'I did it by hand.',
      attempts: [{ worker: null, reported_by: 'ada', outcome: 'succeeded' }],
    });
    expect(at(waiting, given.reported('failed'))).toMatchObject({ status: 'failed', error: 'I did it by hand.' });
  });

  it('is over when its run is', () => {
    expect(at(waiting, given.cancelled)).toMatchObject({ status: 'cancelled', attempts: [{ ended_at: nowSeconds }] });
  });
});

describe('a call that somebody wants stopped', () => {
  it('is over when it has not begun, and its run receives by whom and why', () => {
    const transition = decideExecution(executionAfter(approved()), given.cancelRequested, now);
    expect(transition).toMatchObject({
      state: { status: 'cancelled', cancel: { by: 'ada', at: nowSeconds, note: 'Not today.' } },
      events: [
        { type: 'tool.execution_failed', data: { error: 'not executed: ada cancelled it: Not today.' } },
        {
          type: 'tool.execution_intervened',
          data: { intervention: 'cancel_requested', by: 'ada', note: 'Not today.' },
        },
      ],
    });
  });

  it('goes on until its worker sees that, and ends as that one reports', () => {
    const stopping = executionAfter(approved(), claimed, given.cancelRequested);
    expect(stopping).toMatchObject({ status: 'running', cancel: { by: 'ada' } });
    expect(decideExecution(stopping, given.cancelRequested, now).kind).toBe('ignored');
    expect(at(stopping, given.succeeded)).toMatchObject({ status: 'succeeded' });
  });
});

describe('what somebody wrote who may not decide', () => {
  it('is recorded by itself, and the call that it named is untouched', () => {
    const record = executionAfter(given.notAuthentic);
    expect(record).toMatchObject({
      id: 'refused-1',
      approval_id: '6ce8d14d-85a5-8a8d-af25-15b0e15a4af7',
      status: 'failed',
      error: 'not executed: The decision is not signed.',
      attempts: [],
    });
  });
});
