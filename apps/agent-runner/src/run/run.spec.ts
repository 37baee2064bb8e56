import { after } from '@countersign/contracts/time';
import { describeTransitions } from '@countersign/testing';
import { describe } from 'vitest';
import {
  asking,
  byCaller,
  call,
  callEnded,
  callIn,
  callStarted,
  callTo,
  cancelRequested,
  claimed,
  completed,
  continued,
  extended,
  failed,
  lease_ms,
  modelFailed,
  now,
  other,
  outcomeUnknown,
  paused,
  pausedForTwo,
  postponed,
  released,
  requested,
  resolved,
  responded,
  retryRequested,
  runAfter,
  runAt,
  text,
  withDeadline,
} from '../../test/run.fixtures.js';
import { decideRun } from './run.js';

const asked = callIn(paused, 'call_a');
const unknown = { ...asked, id: 'of-another-run' };
const running = runAfter(requested, claimed);
const finished = {
  COMPLETED: continued(running, now, responded(text('Hello.'))),
  CANCELLED: continued(paused, now, cancelRequested),
  ERROR: continued(running, now, modelFailed(null)),
};

describe('a run that is worked on', () => {
  describeTransitions({
    decide: decideRun,
    now,
    states: {
      none: undefined,
      PENDING: runAfter(requested),
      'PENDING, in its turn': continued(paused, now, resolved(asked, 'rejected')),
      'PENDING, due later': continued(running, now, modelFailed(1)),
      RUNNING: continued(running, after(now, -lease_ms + 1), extended),
      'RUNNING, lease over': runAt(after(now, -lease_ms), requested, claimed),
      PAUSED: paused,
      ...finished,
    },
    messages: {
      requested,
      'claimed by another worker': other(claimed),
      lease_extended: extended,
      'lease_extended by another': other(extended),
      released,
      'released by another': other(released),
      postponed,
      'postponed by another': other(postponed),
      'model_responded: answer': responded(text('Hello.')),
      'model_responded: gated call': responded(call('call_b')),
      'model_responded: free call': responded(callTo('look_up', 'call_b')),
      'model_responded: both': responded(call('call_b'), callTo('look_up', 'call_c')),
      'model_responded: caller’s call': responded(callTo('send', 'call_b')),
      'model_responded: bad call': responded(call('call_b', '; rm -rf /')),
      'model_responded: nothing': responded(),
      'model_responded by another': other(responded(text('Hello.'))),
      'model_failed, may pass': modelFailed(5_000),
      'model_failed for good': modelFailed(null),
      'model_failed by another': other(modelFailed(null)),
      'call_started of no call': callStarted(unknown),
      'call_ended of no call': callEnded(unknown),
      turn_came: { type: 'turn_came' },
      watched: { type: 'watched' },
      cancel_requested: cancelRequested,
      retry_requested: retryRequested,
    },
    table: `
| message                        | none      | PENDING     | PENDING, in its turn | PENDING, due later | RUNNING     | RUNNING, lease over | PAUSED      | COMPLETED | CANCELLED | ERROR |
|--------------------------------|-----------|-------------|----------------------|--------------------|-------------|---------------------|-------------|-----------|-----------|-------|
| requested                      | PENDING s | -           | -                    | -                  | -           | -                   | -           | -         | -         | -     |
| claimed by another worker      | x         | RUNNING     | RUNNING              | x                  | x           | RUNNING             | x           | -         | -         | -     |
| lease_extended                 | x         | x           | x                    | x                  | RUNNING     | RUNNING             | x           | -         | -         | -     |
| lease_extended by another      | x         | x           | x                    | x                  | x           | x                   | x           | -         | -         | -     |
| released                       | x         | x           | x                    | x                  | PENDING     | PENDING             | x           | -         | -         | -     |
| released by another            | x         | x           | x                    | x                  | x           | x                   | x           | -         | -         | -     |
| postponed                      | x         | x           | x                    | x                  | PENDING     | PENDING             | x           | -         | -         | -     |
| postponed by another           | x         | x           | x                    | x                  | x           | x                   | x           | -         | -         | -     |
| model_responded: answer        | x         | x           | x                    | x                  | COMPLETED d | COMPLETED d         | x           | -         | -         | -     |
| model_responded: gated call    | x         | x           | x                    | x                  | PAUSED p    | PAUSED p            | x           | -         | -         | -     |
| model_responded: free call     | x         | x           | x                    | x                  | RUNNING     | RUNNING             | x           | -         | -         | -     |
| model_responded: both          | x         | x           | x                    | x                  | RUNNING a   | RUNNING a           | x           | -         | -         | -     |
| model_responded: caller’s call | x         | x           | x                    | x                  | PAUSED w    | PAUSED w            | x           | -         | -         | -     |
| model_responded: bad call      | x         | x           | x                    | x                  | RUNNING     | RUNNING             | x           | -         | -         | -     |
| model_responded: nothing       | x         | x           | x                    | x                  | RUNNING     | RUNNING             | x           | -         | -         | -     |
| model_responded by another     | x         | x           | x                    | x                  | x           | x                   | x           | -         | -         | -     |
| model_failed, may pass         | x         | x           | x                    | x                  | PENDING     | PENDING             | x           | -         | -         | -     |
| model_failed for good          | x         | x           | x                    | x                  | ERROR f     | ERROR f             | x           | -         | -         | -     |
| model_failed by another        | x         | x           | x                    | x                  | x           | x                   | x           | -         | -         | -     |
| call_started of no call        | x         | x           | x                    | x                  | x           | x                   | x           | -         | -         | -     |
| call_ended of no call          | x         | x           | x                    | x                  | x           | x                   | x           | -         | -         | -     |
| turn_came                      | x         | PENDING     | -                    | PENDING            | -           | -                   | -           | -         | -         | -     |
| watched                        | x         | PENDING     | PENDING              | PENDING            | RUNNING     | RUNNING             | PAUSED      | -         | -         | -     |
| cancel_requested               | x         | CANCELLED c | CANCELLED c          | CANCELLED c        | CANCELLED c | CANCELLED c         | CANCELLED c | -         | -         | -     |
| retry_requested                | x         | -           | -                    | PENDING            | -           | -                   | -           | x         | x         | PENDING r |`,
    emits: {
      s: ['run.started'],
      p: ['run.paused', 'tool.approval_required'],
      w: ['run.paused'],
      a: ['tool.approval_required'],
      d: ['run.completed'],
      f: ['run.failed'],
      c: ['run.cancelled'],
      r: ['run.continued'],
    },
  });
});

describe('a run whose deadline has passed', () => {
  const late = runAt(after(now, -10_000), withDeadline(now));
  const working = continued(late, after(now, -10_000), claimed);
  const mixed = continued(
    working,
    after(now, -10_000),
    responded(callTo('look_up', 'call_b'), callTo('refund', 'call_c')),
  );
  describeTransitions({
    decide: decideRun,
    now,
    states: {
      PENDING: late,
      'PENDING, due later': continued(working, after(now, -10_000), modelFailed(60_000)),
      RUNNING: working,
      'RUNNING, lease over': continued(late, after(now, -10_000), { ...claimed, lease_ms: 10_000 }),
      'RUNNING with calls': mixed,
      PAUSED: continued(working, after(now, -10_000), responded(call('call_a'))),
    },
    messages: {
      'claimed by another worker': other(claimed),
      lease_extended: extended,
      'lease_extended by another': other(extended),
      postponed,
      released,
      'model_responded: answer': responded(text('Hello.')),
      'approval.resolved: rejected': resolved(asked, 'rejected'),
      cancel_requested: cancelRequested,
    },
    table: `
| message                     | PENDING     | PENDING, due later | RUNNING     | RUNNING, lease over | RUNNING with calls | PAUSED      |
|-----------------------------|-------------|--------------------|-------------|---------------------|--------------------|-------------|
| claimed by another worker   | ERROR f     | ERROR f            | x           | ERROR f             | x                  | ERROR f     |
| lease_extended              | x           | x                  | ERROR f     | ERROR f             | ERROR f            | x           |
| lease_extended by another   | x           | x                  | x           | x                   | x                  | x           |
| postponed                   | x           | x                  | PENDING     | PENDING             | PENDING            | x           |
| released                    | x           | x                  | PENDING     | PENDING             | PENDING            | x           |
| model_responded: answer     | x           | x                  | COMPLETED d | COMPLETED d         | x                  | x           |
| approval.resolved: rejected | x           | x                  | x           | x                   | x                  | PENDING n   |
| cancel_requested            | CANCELLED c | CANCELLED c        | CANCELLED c | CANCELLED c         | CANCELLED c        | CANCELLED c |`,
    emits: { f: ['run.failed'], d: ['run.completed'], n: ['run.continued'], c: ['run.cancelled'] },
  });
});

describe('a run that asked for a call of the executor', () => {
  const answered = continued(paused, now, completed(asked));
  describeTransitions({
    decide: decideRun,
    now,
    states: {
      none: undefined,
      'not yet': running,
      PAUSED: paused,
      'PAUSED for two': pausedForTwo,
      'RUNNING too': asking(call('call_a'), callTo('look_up', 'call_b')),
      approved: continued(paused, now, resolved(asked, 'approved')),
      parked: continued(paused, now, outcomeUnknown(asked)),
      answered,
      'asking again': continued(answered, now, claimed),
    },
    messages: {
      'approval.resolved: approved': resolved(asked, 'approved'),
      'approval.resolved: by policy': resolved(asked, 'approved', { automatic: true, approval_type: 'audit' }),
      'approval.resolved: done by hand': resolved(asked, 'approved', { resolution_data: { result: 'done' } }),
      'approval.resolved: rejected': resolved(asked, 'rejected'),
      'approval.resolved: expired': resolved(asked, 'expired'),
      'approval.resolved: cancelled': resolved(asked, 'cancelled'),
      'tool.execution_completed': completed(asked),
      'tool.execution_failed': failed(asked),
      'tool.execution_outcome_unknown': outcomeUnknown(asked),
      'resolved_by_caller: confirmed': byCaller({ id: asked.id, confirmed: true }),
      'resolved_by_caller: no call': byCaller({ id: unknown.id, confirmed: true }),
      call_started: callStarted(asked),
      call_ended: callEnded(asked),
      'approval.resolved of no call': resolved(unknown, 'rejected'),
      'tool.execution_completed of no call': completed(unknown),
      'tool.execution_outcome_unknown of no call': outcomeUnknown(unknown),
    },
    table: `
| message                                   | none | not yet | PAUSED    | PAUSED for two | RUNNING too | approved  | parked    | answered | asking again |
|-------------------------------------------|------|---------|-----------|----------------|-------------|-----------|-----------|----------|--------------|
| approval.resolved: approved               | x    | x       | PAUSED    | PAUSED         | RUNNING     | -         | PAUSED    | -        | -            |
| approval.resolved: by policy              | x    | x       | PAUSED    | PAUSED         | RUNNING     | -         | PAUSED    | -        | -            |
| approval.resolved: done by hand           | x    | x       | PENDING c | PAUSED         | RUNNING     | PENDING c | PENDING c | -        | -            |
| approval.resolved: rejected               | x    | x       | PENDING c | PAUSED         | RUNNING     | -         | PENDING c | -        | -            |
| approval.resolved: expired                | x    | x       | PENDING c | PAUSED         | RUNNING     | -         | PENDING c | -        | -            |
| approval.resolved: cancelled              | x    | x       | PENDING c | PAUSED         | RUNNING     | -         | PENDING c | -        | -            |
| tool.execution_completed                  | x    | x       | PENDING c | PAUSED         | RUNNING     | PENDING c | PENDING c | -        | -            |
| tool.execution_failed                     | x    | x       | PENDING c | PAUSED         | RUNNING     | PENDING c | PENDING c | -        | -            |
| tool.execution_outcome_unknown            | x    | x       | PAUSED    | PAUSED         | RUNNING     | PAUSED    | -         | -        | -            |
| resolved_by_caller: confirmed             | x    | x       | x         | x              | x           | x         | x         | x        | x            |
| resolved_by_caller: no call               | x    | x       | x         | x              | x           | x         | x         | x        | x            |
| call_started                              | x    | x       | x         | x              | -           | x         | x         | x        | -            |
| call_ended                                | x    | x       | x         | x              | -           | x         | x         | x        | -            |
| approval.resolved of no call              | x    | x       | x         | x              | x           | x         | x         | x        | x            |
| tool.execution_completed of no call       | x    | x       | x         | x              | x           | x         | x         | x        | x            |
| tool.execution_outcome_unknown of no call | x    | x       | x         | x              | x           | x         | x         | x        | x            |`,
    emits: { c: ['run.continued'] },
  });
});
