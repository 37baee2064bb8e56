import { after } from '@countersign/contracts/time';
import { describeTransitions } from '@countersign/testing';
import { describe } from 'vitest';
import * as given from '../../test/execution.fixtures.js';
import { continued, executionAfter, lease_ms, now } from '../../test/execution.fixtures.js';
import { decideExecution } from './execution.js';
import type { ExecutionMessage } from './messages.js';

const { approved, askable, byPerson, claimed, idempotent, lost } = given;
const other = (message: ExecutionMessage): ExecutionMessage => ({ ...message, worker: 'worker-2' }) as ExecutionMessage;
const longAgo = after(now, -lease_ms);

describe('an execution', () => {
  describeTransitions({
    decide: decideExecution,
    now,
    states: {
      none: undefined,
      queued: executionAfter(approved()),
      waits: executionAfter(approved(), given.postponed),
      running: continued(undefined, after(longAgo, 1), approved(), claimed),
      'lease over': continued(undefined, longAgo, approved(), claimed),
      'idempotent, lease over': continued(undefined, longAgo, idempotent, claimed),
      'askable, lease over': continued(undefined, longAgo, askable, claimed),
      awaiting_report: executionAfter(byPerson, claimed),
      reconciling: executionAfter(askable, claimed, lost),
      asking: executionAfter(askable, claimed, lost, claimed),
      succeeded: executionAfter(approved(), claimed, given.succeeded),
      failed: executionAfter(approved(), claimed, given.failed),
      outcome_unknown: executionAfter(approved(), claimed, lost),
      cancelled: executionAfter(approved(), given.cancelled),
    },
    messages: {
      approved: approved(),
      'approved, other arguments': given.forged,
      'approved, refused here': approved({ refusal: 'this executor has no tool "x"' }),
      not_authentic: given.notAuthentic,
      'its run was cancelled': given.cancelled,
      'its run failed': given.ended,
      claimed,
      'claimed, and refused': given.refused,
      postponed: given.postponed,
      lease_extended: given.extended,
      'lease_extended by another': other(given.extended),
      succeeded: given.succeeded,
      'succeeded by another': other(given.succeeded),
      failed: given.failed,
      'failed for now': given.failedForNow,
      'failed by another': other(given.failed),
      lost,
      'lost by another': other(lost),
      due: given.due,
      'reported: succeeded': given.reported('succeeded'),
      'reported: failed': given.reported('failed'),
      'settled: succeeded': given.settled('succeeded'),
      'settled: failed': given.settled('failed'),
      retried: given.retried,
      'retried anyway': given.retriedAnyway,
      cancel_requested: given.cancelRequested,
    },
    table: `
| message                   | none      | queued      | waits       | running           | lease over        | idempotent, lease over | askable, lease over | awaiting_report | reconciling | asking            | succeeded | failed | outcome_unknown | cancelled |
|---------------------------|-----------|-------------|-------------|-------------------|-------------------|------------------------|---------------------|-----------------|-------------|-------------------|-----------|--------|-----------------|-----------|
| approved                  | queued    | -           | -           | -                 | -                 | -                      | -                   | -               | -           | -                 | -         | -      | -               | -         |
| approved, other arguments | failed f  | -           | -           | -                 | -                 | -                      | -                   | -               | -           | -                 | -         | -      | -               | -         |
| approved, refused here    | failed f  | -           | -           | -                 | -                 | -                      | -                   | -               | -           | -                 | -         | -      | -               | -         |
| not_authentic             | failed f  | -           | -           | -                 | -                 | -                      | -                   | -               | -           | -                 | -         | -      | -               | -         |
| its run was cancelled     | cancelled | cancelled f | cancelled f | running           | running           | running                | running             | cancelled f     | reconciling | reconciling       | -         | -      | outcome_unknown | -         |
| its run failed            | cancelled | cancelled f | cancelled f | running           | running           | running                | running             | cancelled f     | reconciling | reconciling       | -         | -      | outcome_unknown | -         |
| claimed                   | x         | running s   | x           | x                 | x                 | x                      | x                   | x               | reconciling | x                 | x         | x      | x               | x         |
| claimed, and refused      | x         | failed f    | x           | x                 | x                 | x                      | x                   | x               | reconciling | x                 | x         | x      | x               | x         |
| postponed                 | x         | queued      | queued      | x                 | x                 | x                      | x                   | x               | x           | x                 | x         | x      | x               | x         |
| lease_extended            | x         | x           | x           | running           | running           | running                | running             | x               | x           | reconciling       | x         | x      | x               | x         |
| lease_extended by another | x         | x           | x           | x                 | x                 | x                      | x                   | x               | x           | x                 | x         | x      | x               | x         |
| succeeded                 | x         | x           | x           | succeeded c       | succeeded c       | succeeded c            | succeeded c         | x               | reconciling | succeeded c       | x         | x      | outcome_unknown | x         |
| succeeded by another      | x         | x           | x           | x                 | x                 | x                      | x                   | x               | x           | x                 | x         | x      | x               | x         |
| failed                    | x         | x           | x           | failed f          | failed f          | failed f               | failed f            | x               | reconciling | failed f          | x         | x      | outcome_unknown | x         |
| failed for now            | x         | x           | x           | queued            | queued            | queued                 | queued              | x               | reconciling | outcome_unknown u | x         | x      | outcome_unknown | x         |
| failed by another         | x         | x           | x           | x                 | x                 | x                      | x                   | x               | x           | x                 | x         | x      | x               | x         |
| lost                      | x         | x           | x           | outcome_unknown u | outcome_unknown u | queued                 | reconciling         | x               | x           | outcome_unknown u | x         | x      | x               | x         |
| lost by another           | x         | x           | x           | x                 | x                 | x                      | x                   | x               | x           | x                 | x         | x      | x               | x         |
| due                       | x         | -           | -           | -                 | outcome_unknown u | queued                 | reconciling         | -               | -           | -                 | -         | -      | -               | -         |
| reported: succeeded       | x         | x           | x           | x                 | x                 | x                      | x                   | succeeded ci    | x           | x                 | x         | x      | x               | x         |
| reported: failed          | x         | x           | x           | x                 | x                 | x                      | x                   | failed fi       | x           | x                 | x         | x      | x               | x         |
| settled: succeeded        | x         | x           | x           | x                 | x                 | x                      | x                   | x               | x           | x                 | x         | x      | succeeded ci    | x         |
| settled: failed           | x         | x           | x           | x                 | x                 | x                      | x                   | x               | x           | x                 | x         | x      | failed fi       | x         |
| retried                   | x         | x           | x           | x                 | x                 | x                      | x                   | x               | x           | x                 | x         | x      | x               | x         |
| retried anyway            | x         | x           | x           | x                 | x                 | x                      | x                   | x               | x           | x                 | x         | x      | queued i        | x         |
| cancel_requested          | x         | cancelled fi | cancelled fi | running i         | running i         | running i              | running i           | cancelled fi    | x           | x                 | x         | x      | x               | x         |`,
    emits: {
      s: ['tool.execution_started'],
      c: ['tool.execution_completed'],
      f: ['tool.execution_failed'],
      u: ['tool.execution_outcome_unknown'],
      i: ['tool.execution_intervened'],
      ci: ['tool.execution_completed', 'tool.execution_intervened'],
      fi: ['tool.execution_failed', 'tool.execution_intervened'],
    },
  });
});
