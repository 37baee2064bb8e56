import { describeTransitions } from '@countersign/testing';
import { describe } from 'vitest';
import {
  approvalAfter,
  audited,
  continued,
  decided,
  failedVoid,
  inputRequired,
  madeVoid,
  now,
  required,
  runCancelled,
  runCompleted,
  runFailed,
  values,
} from './approval.given.js';
import { decideApproval } from './approval.js';

const pending = approvalAfter(required());

describe('an approval', () => {
  describeTransitions({
    decide: decideApproval,
    now,
    states: {
      none: undefined,
      pending,
      'half approved': approvalAfter(required({ required_approvals: 2 }), decided('approved', 'bob')),
      'not yet due': continued(undefined, now, required({ expires_in: 1 })),
      due: continued(undefined, now - 1_000, required({ expires_in: 1 })),
      'wants values': approvalAfter(inputRequired()),
      approved: approvalAfter(required(), decided('approved', 'bob')),
      rejected: approvalAfter(required(), decided('rejected', 'bob')),
      expired: continued(approvalAfter(required({ expires_in: 1 })), now + 1_000, { type: 'due' }),
      cancelled: approvalAfter(required(), runCancelled),
      removed: approvalAfter(required(), decided('approved', 'bob'), { type: 'removed' }),
    },
    messages: {
      required: required(),
      'required, for the record': audited,
      'decided: approved by bob': decided('approved', 'bob'),
      'decided: approved by carol': decided('approved', 'carol'),
      'decided: rejected by bob': decided('rejected', 'bob'),
      'decided: rejected by carol': decided('rejected', 'carol'),
      'decided: approved by nobody known': decided('approved', null),
      'decided: approved with values': decided('approved', 'bob', { values }),
      'void, cancelled': madeVoid,
      'void, failed': failedVoid,
      due: { type: 'due' },
      removed: { type: 'removed' },
      'run.completed': runCompleted,
      'run.failed': runFailed,
      'run.cancelled': runCancelled,
    },
    table: `
| message                           | none        | pending     | half approved | not yet due | due         | wants values | approved | rejected | expired | cancelled | removed  |
|-----------------------------------|-------------|-------------|---------------|-------------|-------------|--------------|----------|----------|---------|-----------|----------|
| required                          | pending c   | -           | -             | -           | -           | -            | -        | -        | -       | -         | -        |
| required, for the record          | approved cr | -           | -             | -           | -           | -            | -        | -        | -       | -         | -        |
| decided: approved by bob          | x           | approved dr | x             | approved dr | expired r   | x            | x        | x        | x       | x         | x        |
| decided: approved by carol        | x           | approved dr | approved dr   | approved dr | expired r   | x            | x        | x        | x       | x         | x        |
| decided: rejected by bob          | x           | rejected dr | x             | rejected dr | expired r   | rejected dr  | x        | x        | x       | x         | x        |
| decided: rejected by carol        | x           | rejected dr | rejected dr   | rejected dr | expired r   | rejected dr  | x        | x        | x       | x         | x        |
| decided: approved by nobody known | x           | approved dr | x             | approved dr | expired r   | x            | x        | x        | x       | x         | x        |
| decided: approved with values     | x           | approved dr | x             | approved dr | expired r   | approved dr  | x        | x        | x       | x         | x        |
| void, cancelled                   | cancelled r | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved | rejected | expired | -         | approved |
| void, failed                      | cancelled r | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved | rejected | expired | cancelled | approved |
| due                               | x           | -           | -             | -           | expired r   | -            | -        | -        | -       | -         | -        |
| removed                           | x           | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved | rejected | expired | cancelled | -        |
| run.completed                     | x           | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved | rejected | expired | cancelled | approved |
| run.failed                        | x           | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved | rejected | expired | cancelled | approved |
| run.cancelled                     | x           | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved | rejected | expired | -         | approved |`,
    emits: {
      c: ['approval.created'],
      r: ['approval.resolved'],
      cr: ['approval.created', 'approval.resolved'],
      dr: ['approval.decision_recorded', 'approval.resolved'],
    },
  });
});
