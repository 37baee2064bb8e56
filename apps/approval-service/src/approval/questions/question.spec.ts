import { after } from '@countersign/contracts/time';
import { describeTransitions } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import {
  answered,
  approvalAfter,
  approvalsOfAnybody,
  asked,
  continued,
  decided,
  now,
  required,
  runCancelled,
} from '../../../test/approval.fixtures.js';
import { rulesWith } from '../../../test/definitions.fixtures.js';
import { decideApproval } from '../approval.js';
import type { ApprovalMessage } from '../messages.js';

const emits = {
  q: ['approval.question_asked'],
  a: ['approval.question_answered'],
  d: ['approval.decision_recorded'],
  r: ['approval.resolved'],
  dr: ['approval.decision_recorded', 'approval.resolved'],
};
const seconds = 1_000;
const ops = { approvers: [{ group: 'ops', count: 1, members: ['bob', 'carol'] }] };
const waiting = approvalAfter(required(ops), asked());

describe('a question on an approval', () => {
  describeTransitions({
    decide: decideApproval,
    now,
    states: {
      none: undefined,
      pending: approvalAfter(required(ops)),
      asked: waiting,
      answered: approvalAfter(required(ops), asked(), answered()),
      'asked, of two': approvalAfter(required(approvalsOfAnybody(2)), asked()),
      'asked, half approved': approvalAfter(required(approvalsOfAnybody(2)), decided('approved', 'carol'), asked()),
      'withdrawn, half approved': approvalAfter(required(approvalsOfAnybody(2)), asked(), decided('approved', 'bob')),
      due: continued(undefined, after(now, -seconds), required({ ...ops, expires_in: 1 }), asked()),
      approved: approvalAfter(required(ops), asked(), decided('approved', 'bob')),
      cancelled: approvalAfter(required(ops), asked(), runCancelled),
    },
    messages: {
      'asked by bob': asked('bob', 'question-2'),
      'asked by bob again': asked(),
      'asked by ana, who requested it': asked('ana', 'question-2'),
      'asked by dave': asked('dave', 'question-2'),
      'asked by nobody known': asked(null, 'question-2'),
      'answered by ana': answered(),
      'answered by ana in other words': answered('ana', { text: 'No.' }),
      'answered by bob, who asked': answered('bob'),
      'answered by bob, an administrator, who asked': answered('bob', { isAdministrator: true }),
      'answered by carol, who may decide': answered('carol'),
      'answered by carol, who has no such role': answered('carol', { isApprover: false }),
      'answered by dave': answered('dave'),
      'answered by dave, an administrator': answered('dave', { isAdministrator: true }),
      'answered by nobody known': answered(null, { isAdministrator: true }),
      'another question answered': answered('ana', { question_id: 'question-0' }),
      'decided: approved by bob, who asked': decided('approved', 'bob'),
      'decided: approved by carol': decided('approved', 'carol'),
      'decided: rejected by carol': decided('rejected', 'carol'),
      due: { type: 'due' },
      'run.cancelled': runCancelled,
    },
    table: `
| message                                      | none | pending     | asked       | answered    | asked, of two | asked, half approved | withdrawn, half approved | due         | approved | cancelled |
|----------------------------------------------|------|-------------|-------------|-------------|---------------|----------------------|--------------------------|-------------|----------|-----------|
| asked by bob                                 | x    | pending q   | x           | pending q   | x             | x                    | x                        | expired r   | x        | x         |
| asked by bob again                           | x    | pending q   | -           | -           | -             | -                    | -                        | -           | -        | -         |
| asked by ana, who requested it               | x    | x           | x           | x           | x             | x                    | x                        | expired r   | x        | x         |
| asked by dave                                | x    | x           | x           | x           | x             | x                    | pending q                | expired r   | x        | x         |
| asked by nobody known                        | x    | x           | x           | x           | x             | x                    | x                        | expired r   | x        | x         |
| answered by ana                              | x    | x           | pending a   | -           | pending a     | pending a            | x                        | expired r   | x        | x         |
| answered by ana in other words               | x    | x           | pending a   | x           | pending a     | pending a            | x                        | expired r   | x        | x         |
| answered by bob, who asked                   | x    | x           | x           | x           | x             | x                    | x                        | expired r   | x        | x         |
| answered by bob, an administrator, who asked | x    | x           | x           | x           | x             | x                    | x                        | expired r   | x        | x         |
| answered by carol, who may decide            | x    | x           | pending a   | x           | pending a     | pending a            | x                        | expired r   | x        | x         |
| answered by carol, who has no such role      | x    | x           | x           | x           | x             | x                    | x                        | expired r   | x        | x         |
| answered by dave                             | x    | x           | x           | x           | pending a     | pending a            | x                        | expired r   | x        | x         |
| answered by dave, an administrator           | x    | x           | pending a   | x           | pending a     | pending a            | x                        | expired r   | x        | x         |
| answered by nobody known                     | x    | x           | x           | x           | x             | x                    | x                        | expired r   | x        | x         |
| another question answered                    | x    | x           | x           | x           | x             | x                    | x                        | x           | x        | x         |
| decided: approved by bob, who asked          | x    | approved dr | approved dr | approved dr | pending d     | approved dr          | x                        | expired r   | x        | x         |
| decided: approved by carol                   | x    | approved dr | x           | approved dr | x             | x                    | approved dr              | expired r   | x        | x         |
| decided: rejected by carol                   | x    | rejected dr | rejected dr | rejected dr | rejected dr   | x                    | rejected dr              | expired r   | x        | x         |
| due                                          | x    | -           | -           | -           | -             | -                    | -                        | expired r   | -        | -         |
| run.cancelled                                | x    | cancelled r | cancelled r | cancelled r | cancelled r   | cancelled r          | cancelled r              | cancelled r | approved | -         |`,
    emits,
  });

  const leads = [{ group: 'leads', members: ['bob'] }];
  const escalating = {
    ...approvalsOfAnybody(1),
    approvers: [...ops.approvers, { group: 'dba', count: 1, members: ['dan', 'dora'] }],
    escalate_after: 10,
    escalate_to: leads,
  };
  const then = after(now, -10 * seconds);
  const halfApproved = continued(
    undefined,
    then,
    required(escalating),
    decided('approved', 'bob'),
    decided('approved', 'carol'),
    asked('dan'),
  );

  it('keeps what an escalation would approve until it is answered, and no longer', () => {
    const escalated = continued(halfApproved, now, { type: 'due' });
    expect(escalated).toMatchObject({ status: 'pending', escalated_at: expect.any(Number) });
    expect(continued(escalated, now, answered())).toMatchObject({ status: 'approved', resolved_by: 'carol' });
  });

  it('that is answered or withdrawn approves nothing that may have been made since, by records that are lost', () => {
    const escalated = continued(halfApproved, now, { type: 'due' });
    const back = continued(escalated, now, answered('ana', { set_back: 'set_back' }));
    expect(back).toMatchObject({
      status: 'pending',
      possibly_executed: { code: 'set_back' },
      questions: [{ answer: {} }],
    });
    const again = [decided('approved', 'bob'), decided('approved', 'carol')];
    expect(continued(back, now, ...again)).toMatchObject({ status: 'approved' });
    const lenient = continued(
      undefined,
      then,
      required({ ...escalating, on_rejection: 'continue' }),
      ...again,
      asked('dan'),
    );
    const rejects = { ...decided('rejected', 'dan'), set_back: 'set_back' } as ApprovalMessage;
    expect(continued(lenient, now, { type: 'due' }, decided('rejected', 'dan'))).toMatchObject({ status: 'approved' });
    expect(continued(lenient, now, { type: 'due' }, rejects)).toMatchObject({
      status: 'pending',
      possibly_executed: { code: 'set_back' },
    });
  });

  it('changes neither the call nor its digest, and its answer is kept as the words of who gave it', () => {
    const answeredOnce = approvalAfter(required(ops), asked(), answered());
    expect(answeredOnce).toMatchObject({
      digest: waiting.digest,
      context: waiting.context,
      questions: [{ by: 'bob', text: 'Is the migration done?', answer: { by: 'ana', text: 'Since Monday.' } }],
    });
  });

  it('is held against the rules in force like any decision', () => {
    const frozen = rulesWith([{ name: 'frozen', when: {}, then: { reject: 'Freeze.' } }]);
    for (const message of [asked('bob', 'question-2'), answered()]) {
      const transition = decideApproval(waiting, { ...message, rules: frozen } as typeof message, now);
      expect(transition).toMatchObject({ kind: 'changed', state: { status: 'rejected' } });
    }
  });

  it('is one of a hundred at most', () => {
    let approval = approvalAfter(required(ops));
    for (let n = 1; n <= 100; n += 1)
      approval = continued(approval, now, asked('bob', `${n}`), answered('ana', { question_id: `${n}` }));
    expect(decideApproval(approval, asked('bob', '101'), now)).toMatchObject({ code: 'too_many_questions' });
  });
});
