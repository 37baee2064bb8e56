import { after } from '@countersign/contracts/time';
import { describeTransitions } from '@countersign/testing';
import { describe } from 'vitest';
import {
  approvalAfter,
  approvalsOfAnybody,
  audited,
  commented,
  continued,
  decided,
  failedVoid,
  inputRequired,
  madeVoid,
  now,
  required,
  ruled,
  runCancelled,
  runCompleted,
  runFailed,
  values,
} from '../../test/approval.fixtures.js';
import { basis } from '../../test/grant.fixtures.js';
import { decideApproval } from './approval.js';

const emits = {
  c: ['approval.created'],
  d: ['approval.decision_recorded'],
  e: ['approval.escalated'],
  m: ['approval.commented'],
  n: ['approval.reminder_due'],
  l: ['approval.deleted'],
  r: ['approval.resolved'],
  rl: ['approval.resolved', 'approval.deleted'],
  cr: ['approval.created', 'approval.resolved'],
  dr: ['approval.decision_recorded', 'approval.resolved'],
};

const pending = approvalAfter(required());
const seconds = 1_000;

describe('an approval', () => {
  describeTransitions({
    decide: decideApproval,
    now,
    states: {
      none: undefined,
      pending,
      'half approved': approvalAfter(required(approvalsOfAnybody(2)), decided('approved', 'bob')),
      'not yet due': continued(undefined, now, required({ expires_in: 1 })),
      due: continued(undefined, after(now, -seconds), required({ expires_in: 1 })),
      'wants values': approvalAfter(inputRequired()),
      approved: approvalAfter(required(), decided('approved', 'bob')),
      rejected: approvalAfter(required(), decided('rejected', 'bob')),
      expired: continued(approvalAfter(required({ expires_in: 1 })), after(now, seconds), { type: 'due' }),
      cancelled: approvalAfter(required(), runCancelled),
      removed: approvalAfter(required(), decided('approved', 'bob'), { type: 'removed' }),
    },
    messages: {
      required: required(),
      'required, for the record': audited,
      'required, approved by a rule': required({}, {}, { policy: ruled('approve') }),
      'required, rejected by a rule': required({}, {}, { policy: ruled('reject'), reason: 'Freeze.' }),
      'required, approved by a grant': required({}, {}, { policy: ruled('require'), grant: basis }),
      'decided: approved by bob': decided('approved', 'bob'),
      'decided: approved by carol': decided('approved', 'carol'),
      'decided: rejected by bob': decided('rejected', 'bob'),
      'decided: rejected by carol': decided('rejected', 'carol'),
      'decided: approved by the requester': decided('approved', 'ana'),
      'decided: rejected by the requester': decided('rejected', 'ana'),
      'decided: approved by nobody known': decided('approved', null),
      'decided: approved with values': decided('approved', 'bob', { values }),
      commented: commented(),
      'void, cancelled': madeVoid,
      'void, failed': failedVoid,
      due: { type: 'due' },
      removed: { type: 'removed' },
      'run.completed': runCompleted,
      'run.failed': runFailed,
      'run.cancelled': runCancelled,
    },
    table: `
| message                            | none        | pending     | half approved | not yet due | due         | wants values | approved   | rejected   | expired   | cancelled   | removed    |
|------------------------------------|-------------|-------------|---------------|-------------|-------------|--------------|------------|------------|-----------|-------------|------------|
| required                           | pending c   | -           | -             | -           | -           | -            | -          | -          | -         | -           | -          |
| required, for the record           | approved cr | -           | -             | -           | -           | -            | -          | -          | -         | -           | -          |
| required, approved by a rule       | approved cr | -           | -             | -           | -           | -            | -          | -          | -         | -           | -          |
| required, rejected by a rule       | rejected cr | -           | -             | -           | -           | -            | -          | -          | -         | -           | -          |
| required, approved by a grant      | approved cr | -           | -             | -           | -           | -            | -          | -          | -         | -           | -          |
| decided: approved by bob           | x           | approved dr | x             | approved dr | expired r   | x            | x          | x          | x         | x           | x          |
| decided: approved by carol         | x           | approved dr | approved dr   | approved dr | expired r   | x            | x          | x          | x         | x           | x          |
| decided: rejected by bob           | x           | rejected dr | x             | rejected dr | expired r   | rejected dr  | x          | x          | x         | x           | x          |
| decided: rejected by carol         | x           | rejected dr | rejected dr   | rejected dr | expired r   | rejected dr  | x          | x          | x         | x           | x          |
| decided: approved by the requester | x           | x           | x             | x           | expired r   | x            | x          | x          | x         | x           | x          |
| decided: rejected by the requester | x           | x           | x             | x           | expired r   | x            | x          | x          | x         | x           | x          |
| decided: approved by nobody known  | x           | x           | x             | x           | expired r   | x            | x          | x          | x         | x           | x          |
| decided: approved with values      | x           | approved dr | x             | approved dr | expired r   | approved dr  | x          | x          | x         | x           | x          |
| commented                          | x           | pending m   | pending m     | pending m   | pending m   | pending m    | approved m | rejected m | expired m | cancelled m | approved m |
| void, cancelled                    | cancelled r | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved   | rejected   | expired   | -           | approved   |
| void, failed                       | cancelled r | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved   | rejected   | expired   | cancelled   | approved   |
| due                                | x           | -           | -             | -           | expired r   | -            | -          | -          | -         | -           | -          |
| removed                            | x           | cancelled rl| cancelled rl  | cancelled rl| cancelled rl| cancelled rl | approved l | rejected l | expired l | cancelled l | -          |
| run.completed                      | x           | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved   | rejected   | expired   | cancelled   | approved   |
| run.failed                         | x           | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved   | rejected   | expired   | cancelled   | approved   |
| run.cancelled                      | x           | cancelled r | cancelled r   | cancelled r | cancelled r | cancelled r  | approved   | rejected   | expired   | -           | approved   |`,
    emits,
  });
});

const ops = { group: 'ops', count: 1, members: ['bob', 'carol'] };
const leads = { group: 'leads', members: ['erin'] };
const byOps = { approvers: [ops] };
const escalating = { ...byOps, escalate_after: 10, escalate_to: [leads] };

describe('an approval by terms', () => {
  describeTransitions({
    decide: decideApproval,
    now,
    states: {
      'of a group': approvalAfter(required(byOps)),
      'of a group, by its token': approvalAfter(required({ approvers: [{ ...ops, members: null }] })),
      'of two eyes': approvalAfter(required({ four_eyes: false })),
      'of two who may say no': approvalAfter(required({ approvers: [{ ...ops, count: 2 }], on_rejection: 'continue' })),
      'of anybody who may say no': approvalAfter(required({ ...approvalsOfAnybody(2), on_rejection: 'continue' })),
      'not yet escalated': approvalAfter(required(escalating)),
      'to be escalated': continued(undefined, after(now, -10 * seconds), required(escalating)),
      escalated: continued(continued(undefined, after(now, -10 * seconds), required(escalating)), now, { type: 'due' }),
      'to be reminded of': continued(undefined, after(now, -5 * seconds), required({ remind_every: 5 })),
      'to be reminded of and over': continued(
        undefined,
        after(now, -10 * seconds),
        required({ ...escalating, remind_every: 5, expires_in: 10 }),
      ),
    },
    messages: {
      'decided: approved by bob, of ops': decided('approved', 'bob'),
      'decided: rejected by bob, of ops': decided('rejected', 'bob'),
      'decided: approved by dave': decided('approved', 'dave'),
      'decided: rejected by dave': decided('rejected', 'dave'),
      'decided: approved by dave, whose token says ops': decided('approved', 'dave', null, ['ops']),
      'decided: approved by erin, of leads': decided('approved', 'erin'),
      'decided: rejected by erin, of leads': decided('rejected', 'erin'),
      'decided: approved by ana, who asked': decided('approved', 'ana'),
      due: { type: 'due' },
    },
    table: `
| message                                         | of a group  | of a group, by its token | of two eyes | of two who may say no | of anybody who may say no | not yet escalated | to be escalated | escalated   | to be reminded of | to be reminded of and over |
|-------------------------------------------------|-------------|--------------------------|-------------|-----------------------|---------------------------|-------------------|-----------------|-------------|-------------------|----------------------------|
| decided: approved by bob, of ops                | approved dr | x                        | approved dr | pending d             | pending d                 | approved dr       | approved dr     | approved dr | approved dr       | expired r                  |
| decided: rejected by bob, of ops                | rejected dr | x                        | rejected dr | rejected dr           | pending d                 | rejected dr       | rejected dr     | rejected dr | rejected dr       | expired r                  |
| decided: approved by dave                       | x           | x                        | approved dr | x                     | pending d                 | x                 | x               | x           | approved dr       | expired r                  |
| decided: rejected by dave                       | x           | x                        | rejected dr | x                     | pending d                 | x                 | x               | x           | rejected dr       | expired r                  |
| decided: approved by dave, whose token says ops | x           | approved dr              | approved dr | x                     | pending d                 | x                 | x               | x           | approved dr       | expired r                  |
| decided: approved by erin, of leads             | x           | x                        | approved dr | x                     | pending d                 | x                 | x               | approved dr | approved dr       | expired r                  |
| decided: rejected by erin, of leads             | x           | x                        | rejected dr | x                     | pending d                 | x                 | x               | rejected dr | rejected dr       | expired r                  |
| decided: approved by ana, who asked             | x           | x                        | approved dr | x                     | x                         | x                 | x               | x           | x                 | expired r                  |
| due                                             | -           | -                        | -           | -                     | -                         | -                 | pending e       | -           | pending n         | expired r                  |`,
    emits,
  });
});
