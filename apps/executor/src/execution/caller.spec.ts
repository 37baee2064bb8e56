import { after, toEpochMillis, toEpochSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import * as given from '../../test/execution.fixtures.js';
import { approved, continued, executionAfter, now } from '../../test/execution.fixtures.js';
import { decideExecution } from './execution.js';
import type { ExecutionMessage } from './messages.js';

const start_by = toEpochSeconds(after(now, 60_000));
const byCaller = approved({ terms: { made_by: 'caller', start_by } });
const claimed: ExecutionMessage = {
  type: 'claimed_by_caller',
  worker: 'caller/one',
  by: 'bot',
  lease_ms: 2_000,
  refusal: null,
};
const succeeded = { ...given.succeeded, worker: 'caller/one' } as ExecutionMessage;

describe('a call that its caller makes', () => {
  const waiting = executionAfter(byCaller);

  it('waits for it, and is due only when the time to begin it is over', () => {
    expect(waiting).toMatchObject({ status: 'queued', held_by: { code: 'caller' }, due_at: toEpochMillis(start_by) });
    expect(decideExecution(waiting, given.claimed, now)).toMatchObject({ kind: 'rejected' });
    const late = continued(waiting, after(now, 60_000), given.claimed);
    expect(late).toMatchObject({ status: 'failed', attempts: [] });
  });

  it('is never begun by a worker of the executor, whatever makes it due', () => {
    const due = continued(waiting, now, { type: 'postponed', until: now, held_by: null });
    expect(continued(due, now, given.claimed)).toMatchObject({ status: 'queued', lease: null, attempts: [] });
  });

  it('is begun under a lease, once, and not begun when the decision does not hold', () => {
    const begun = continued(waiting, now, claimed);
    expect(begun).toMatchObject({
      status: 'running',
      lease: { worker: 'caller/one', expires_at: after(now, 2_000) },
      attempts: [{ made_by: 'caller', reported_by: 'bot' }],
    });
    expect(decideExecution(begun, claimed, now)).toMatchObject({ kind: 'ignored' });
    expect(decideExecution(begun, { ...claimed, worker: 'caller/two' } as ExecutionMessage, now).kind).toBe('rejected');
    expect(continued(begun, now, succeeded)).toMatchObject({ status: 'succeeded' });
    const refused = { ...claimed, refusal: 'the decision does not hold' } as ExecutionMessage;
    expect(continued(waiting, now, refused)).toMatchObject({ status: 'failed', attempts: [] });
  });

  it('is unknown when the lease ran out, and what is reported then is noted and does not count', () => {
    const lost = continued(waiting, now, claimed, {
      type: 'lease_extended',
      worker: 'caller/one',
      lease_ms: 0,
      progress: null,
    });
    const unknown = continued(lost, now, { type: 'due' });
    expect(unknown).toMatchObject({ status: 'outcome_unknown' });
    const noted = continued(unknown, now, succeeded);
    expect(noted).toMatchObject({
      status: 'outcome_unknown',
      attempts: [{ late_report: expect.stringMatching(/^succeeded/) }],
    });
  });

  it('waits for its caller again where the tool is idempotent', () => {
    const terms = { made_by: 'caller', start_by, semantics: 'idempotent', max_attempts: 3 } as const;
    const lost = { type: 'lost', worker: 'caller/one', reason: 'gone' } as const;
    const again = continued(executionAfter(approved({ terms })), now, claimed, lost);
    const due = continued(again, after(now, 1_000), given.claimed);
    expect(due).toMatchObject({ status: 'queued', held_by: { code: 'caller' } });
    const two = { ...claimed, worker: 'caller/two' } as ExecutionMessage;
    expect(continued(due, after(now, 1_000), two)).toMatchObject({ status: 'running', attempts: [{}, {}] });
  });

  it('is begun under another name each time, so that what is reported of one start is never taken for that of another', () => {
    const lost = { type: 'lost', worker: 'caller/one', reason: 'gone' } as const;
    const retried = { type: 'retried', by: 'eve', note: 'It did not arrive.', even_if_done: true } as const;
    const again = continued(waiting, now, claimed, lost, retried);
    expect(again).toMatchObject({ status: 'queued' });
    expect(decideExecution(again, claimed, now)).toMatchObject({ kind: 'rejected', code: 'lease_lost' });
    const begun = continued(again, now, { ...claimed, worker: 'caller/two' } as ExecutionMessage);
    expect(continued(begun, now, succeeded)).toMatchObject({
      status: 'running',
      attempts: [{ late_report: 'succeeded: Deployed.' }, {}],
    });
  });

  it('is none that anybody may claim whose calls the executor makes', () => {
    expect(decideExecution(executionAfter(approved()), claimed, now)).toMatchObject({ kind: 'rejected' });
  });
});
