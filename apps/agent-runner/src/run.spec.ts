import { describeTransitions } from '@countersign/testing';
import { describe } from 'vitest';
import { decideRun, type RunMessage } from './run.js';
import {
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
  runAt,
  text,
  worker,
} from './run.given.js';

const asked = requirementFor(paused, 'call_a');
const unknown = { ...asked, id: 'of-another-run' };
const running = runAfter(requested, claimed);
const other = (message: RunMessage): RunMessage => ({ ...message, worker: 'worker-2' }) as RunMessage;
const finished = {
  COMPLETED: continued(running, now, responded(text('Hello.'))),
  CANCELLED: continued(paused, now, cancelRequested),
  ERROR: continued(running, now, modelFailed(null)),
};

describe('a run that is worked on', () => {
  const released: RunMessage = { type: 'released', worker };
  const extended: RunMessage = { type: 'lease_extended', worker, lease_ms };
  describeTransitions({
    decide: decideRun,
    now,
    states: {
      none: undefined,
      PENDING: runAfter(requested),
      'PENDING, due later': continued(running, now, modelFailed(1)),
      RUNNING: continued(running, now - lease_ms + 1, extended),
      'RUNNING, lease over': runAt(now - lease_ms, requested, claimed),
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
      'model_responded: answer': responded(text('Hello.')),
      'model_responded: call': responded(call('call_b')),
      'model_responded: bad call': responded(call('call_b', '; rm -rf /')),
      'model_responded: nothing': responded(),
      'model_responded by another': other(responded(text('Hello.'))),
      'model_failed, may pass': modelFailed(5_000),
      'model_failed for good': modelFailed(null),
      'model_failed by another': other(modelFailed(null)),
      cancel_requested: cancelRequested,
    },
    table: `
| message                    | none      | PENDING     | PENDING, due later | RUNNING     | RUNNING, lease over | PAUSED      | COMPLETED | CANCELLED | ERROR |
|----------------------------|-----------|-------------|--------------------|-------------|---------------------|-------------|-----------|-----------|-------|
| requested                  | PENDING s | -           | -                  | -           | -                   | -           | -         | -         | -     |
| claimed by another worker  | x         | RUNNING     | x                  | x           | RUNNING             | x           | -         | -         | -     |
| lease_extended             | x         | x           | x                  | RUNNING     | RUNNING             | x           | -         | -         | -     |
| lease_extended by another  | x         | x           | x                  | x           | x                   | x           | -         | -         | -     |
| released                   | x         | x           | x                  | PENDING     | PENDING             | x           | -         | -         | -     |
| released by another        | x         | x           | x                  | x           | x                   | x           | -         | -         | -     |
| model_responded: answer    | x         | x           | x                  | COMPLETED d | COMPLETED d         | x           | -         | -         | -     |
| model_responded: call      | x         | x           | x                  | PAUSED p    | PAUSED p            | x           | -         | -         | -     |
| model_responded: bad call  | x         | x           | x                  | RUNNING     | RUNNING             | x           | -         | -         | -     |
| model_responded: nothing   | x         | x           | x                  | RUNNING     | RUNNING             | x           | -         | -         | -     |
| model_responded by another | x         | x           | x                  | x           | x                   | x           | -         | -         | -     |
| model_failed, may pass     | x         | x           | x                  | PENDING     | PENDING             | x           | -         | -         | -     |
| model_failed for good      | x         | x           | x                  | ERROR f     | ERROR f             | x           | -         | -         | -     |
| model_failed by another    | x         | x           | x                  | x           | x                   | x           | -         | -         | -     |
| cancel_requested           | x         | CANCELLED c | CANCELLED c        | CANCELLED c | CANCELLED c         | CANCELLED c | -         | -         | -     |`,
    emits: {
      s: ['run.started'],
      p: ['run.paused', 'tool.approval_required'],
      d: ['run.completed'],
      f: ['run.failed'],
      c: ['run.cancelled'],
    },
  });
});

describe('a run that asked for a call', () => {
  const answered = continued(paused, now, completed(asked));
  describeTransitions({
    decide: decideRun,
    now,
    states: {
      none: undefined,
      'not yet': running,
      PAUSED: paused,
      'PAUSED for two': pausedForTwo,
      approved: continued(paused, now, resolved(asked, 'approved')),
      parked: continued(paused, now, outcomeUnknown(asked)),
      answered,
      'asking again': continued(answered, now, claimed),
      ...finished,
    },
    messages: {
      'approval.resolved: approved': resolved(asked, 'approved'),
      'approval.resolved: done by hand': resolved(asked, 'approved', { resolution_data: { result: 'done' } }),
      'approval.resolved: rejected': resolved(asked, 'rejected'),
      'approval.resolved: expired': resolved(asked, 'expired'),
      'approval.resolved: cancelled': resolved(asked, 'cancelled'),
      'tool.execution_completed': completed(asked),
      'tool.execution_failed': failed(asked),
      'tool.execution_outcome_unknown': outcomeUnknown(asked),
      'approval.resolved of no call': resolved(unknown, 'rejected'),
      'tool.execution_completed of no call': completed(unknown),
      'tool.execution_outcome_unknown of no call': outcomeUnknown(unknown),
    },
    table: `
| message                                   | none | not yet | PAUSED    | PAUSED for two | approved  | parked    | answered | asking again | COMPLETED | CANCELLED | ERROR |
|-------------------------------------------|------|---------|-----------|----------------|-----------|-----------|----------|--------------|-----------|-----------|-------|
| approval.resolved: approved               | x    | x       | PAUSED    | PAUSED         | -         | PAUSED    | -        | -            | -         | -         | -     |
| approval.resolved: done by hand           | x    | x       | PENDING c | PAUSED         | PENDING c | PENDING c | -        | -            | -         | -         | -     |
| approval.resolved: rejected               | x    | x       | PENDING c | PAUSED         | PENDING c | PENDING c | -        | -            | -         | -         | -     |
| approval.resolved: expired                | x    | x       | PENDING c | PAUSED         | PENDING c | PENDING c | -        | -            | -         | -         | -     |
| approval.resolved: cancelled              | x    | x       | PENDING c | PAUSED         | PENDING c | PENDING c | -        | -            | -         | -         | -     |
| tool.execution_completed                  | x    | x       | PENDING c | PAUSED         | PENDING c | PENDING c | -        | -            | -         | -         | -     |
| tool.execution_failed                     | x    | x       | PENDING c | PAUSED         | PENDING c | PENDING c | -        | -            | -         | -         | -     |
| tool.execution_outcome_unknown            | x    | x       | PAUSED    | PAUSED         | PAUSED    | -         | -        | -            | -         | -         | -     |
| approval.resolved of no call              | x    | x       | x         | x              | x         | x         | x        | x            | -         | -         | -     |
| tool.execution_completed of no call       | x    | x       | x         | x              | x         | x         | x        | x            | -         | -         | -     |
| tool.execution_outcome_unknown of no call | x    | x       | x         | x              | x         | x         | x        | x            | -         | -         | -     |`,
    emits: { c: ['run.continued'] },
  });
});
