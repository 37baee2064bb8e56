import { describeTransitions } from '@countersign/testing';
import { describe } from 'vitest';
import {
  approved,
  cancelled,
  claimed,
  continued,
  due,
  ended,
  executionAfter,
  extended,
  failed,
  forged,
  lease_ms,
  lost,
  now,
  settled,
  succeeded,
} from './execution.given.js';
import { decideExecution, type ExecutionMessage } from './execution.js';

const other = (message: ExecutionMessage): ExecutionMessage => ({ ...message, worker: 'worker-2' }) as ExecutionMessage;

describe('an execution', () => {
  describeTransitions({
    decide: decideExecution,
    now,
    states: {
      none: undefined,
      queued: executionAfter(approved()),
      running: continued(undefined, now - lease_ms + 1, approved(), claimed),
      'running, lease over': continued(undefined, now - lease_ms, approved(), claimed),
      succeeded: executionAfter(approved(), claimed, succeeded),
      failed: executionAfter(approved(), claimed, failed),
      outcome_unknown: executionAfter(approved(), claimed, lost),
      cancelled: executionAfter(approved(), cancelled),
    },
    messages: {
      approved: approved(),
      'approved, other arguments': forged,
      'approved, refused here': approved({}, 'this executor has no tool "x"'),
      'cancelled, its run was cancelled': cancelled,
      'cancelled, its run failed': ended,
      claimed,
      lease_extended: extended,
      'lease_extended by another': other(extended),
      succeeded,
      'succeeded by another': other(succeeded),
      failed,
      'failed by another': other(failed),
      lost,
      'lost by another': other(lost),
      due,
      'settled: succeeded': settled('succeeded'),
      'settled: failed': settled('failed'),
    },
    table: `
| message                          | none      | queued      | running           | running, lease over | succeeded | failed | outcome_unknown | cancelled |
|----------------------------------|-----------|-------------|-------------------|---------------------|-----------|--------|-----------------|-----------|
| approved                         | queued    | -           | -                 | -                   | -         | -      | -               | -         |
| approved, other arguments        | failed f  | -           | -                 | -                   | -         | -      | -               | -         |
| approved, refused here           | failed f  | -           | -                 | -                   | -         | -      | -               | -         |
| cancelled, its run was cancelled | cancelled | cancelled f | -                 | -                   | -         | -      | -               | -         |
| cancelled, its run failed        | cancelled | cancelled f | -                 | -                   | -         | -      | -               | -         |
| claimed                          | x         | running s   | x                 | x                   | x         | x      | x               | x         |
| lease_extended                   | x         | x           | running           | running             | x         | x      | x               | x         |
| lease_extended by another        | x         | x           | x                 | x                   | x         | x      | x               | x         |
| succeeded                        | x         | x           | succeeded c       | succeeded c         | x         | x      | x               | x         |
| succeeded by another             | x         | x           | x                 | x                   | x         | x      | x               | x         |
| failed                           | x         | x           | failed f          | failed f            | x         | x      | x               | x         |
| failed by another                | x         | x           | x                 | x                   | x         | x      | x               | x         |
| lost                             | x         | x           | outcome_unknown u | outcome_unknown u   | x         | x      | x               | x         |
| lost by another                  | x         | x           | x                 | x                   | x         | x      | x               | x         |
| due                              | x         | -           | -                 | outcome_unknown u   | -         | -      | -               | -         |
| settled: succeeded               | x         | x           | x                 | x                   | x         | x      | succeeded c     | x         |
| settled: failed                  | x         | x           | x                 | x                   | x         | x      | failed f        | x         |`,
    emits: {
      s: ['tool.execution_started'],
      c: ['tool.execution_completed'],
      f: ['tool.execution_failed'],
      u: ['tool.execution_outcome_unknown'],
    },
  });
});
