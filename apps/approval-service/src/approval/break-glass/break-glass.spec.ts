import { Presentation } from '@countersign/contracts/presentation';
import { after } from '@countersign/contracts/time';
import { describeTransitions } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import {
  approvalAfter,
  asked,
  broken,
  continued,
  decided,
  inputRequired,
  now,
  required,
  reviewed,
  rules,
  runCancelled,
  values,
} from '../../../test/approval.fixtures.js';
import { rulesWith } from '../../../test/definitions.fixtures.js';
import { decideApproval } from '../approval.js';

const emits = {
  b: ['approval.decision_recorded', 'approval.glass_broken', 'approval.resolved'],
  w: ['approval.glass_reviewed'],
  r: ['approval.resolved'],
  l: ['approval.deleted'],
  rl: ['approval.resolved', 'approval.deleted'],
};
const seconds = 1_000;
const ops = { group: 'ops', count: 2, members: ['bob', 'carol'] };
const incident = { group: 'incident', members: ['dave', 'erin', 'ana'] };
const terms = { approvers: [ops], break_glass: [incident] };
const done = approvalAfter(required(terms), broken());

describe('glass', () => {
  describeTransitions({
    decide: decideApproval,
    now,
    states: {
      none: undefined,
      'not named': approvalAfter(required({ approvers: [ops] })),
      named: approvalAfter(required(terms)),
      'named by token': approvalAfter(required({ ...terms, break_glass: [{ ...incident, members: null }] })),
      'of two eyes': approvalAfter(required({ ...terms, four_eyes: false })),
      'sender unknown': approvalAfter(required({ ...terms, four_eyes: false }, { requested_by: null, user_id: null })),
      'half approved': approvalAfter(required(terms), decided('approved', 'bob')),
      'asked about': approvalAfter(required(terms), asked()),
      due: continued(undefined, after(now, -seconds), required({ ...terms, expires_in: 1 })),
      'wants values': approvalAfter(inputRequired(terms)),
      broken: done,
      reviewed: approvalAfter(required(terms), broken(), reviewed()),
      rejected: approvalAfter(required(terms), decided('rejected', 'bob')),
    },
    messages: {
      'broken by dave': broken(),
      'broken by dave, whose token says so': broken('dave', { groups: ['incident'] }),
      'broken by bob, of ops': broken('bob'),
      'broken by bob, whose token says so': broken('bob', { groups: ['incident'] }),
      'broken by ana, who requested it': broken('ana', { groups: ['incident'] }),
      'broken by nobody known': broken(null),
      'broken on another call': broken('dave', { groups: ['incident'], digest: 'sha256:0' }),
      'broken without a reason': broken('dave', { groups: ['incident'], reason: ' ' }),
      'reviewed by bob, of ops': reviewed(),
      'reviewed by erin, of incident': reviewed('erin'),
      'reviewed by frank': reviewed('frank'),
      'reviewed by dave, who broke it': reviewed('dave'),
      'reviewed by ana, who requested it': reviewed('ana'),
      'reviewed by nobody known': reviewed(null),
      removed: { type: 'removed' },
      'run.cancelled': runCancelled,
    },
    table: `
| message                             | none | not named   | named        | named by token | of two eyes  | sender unknown | half approved | asked about  | due         | wants values | broken     | reviewed   | rejected   |
|-------------------------------------|------|-------------|--------------|----------------|--------------|----------------|---------------|--------------|-------------|--------------|------------|------------|------------|
| broken by dave                      | x    | x           | approved b   | x              | approved b   | x              | approved b    | approved b   | expired r   | x            | x          | x          | x          |
| broken by dave, whose token says so | x    | x           | approved b   | approved b     | approved b   | x              | approved b    | approved b   | expired r   | x            | x          | x          | x          |
| broken by bob, of ops               | x    | x           | x            | x              | x            | x              | x             | x            | expired r   | x            | x          | x          | x          |
| broken by bob, whose token says so  | x    | x           | x            | approved b     | x            | x              | x             | x            | expired r   | x            | x          | x          | x          |
| broken by ana, who requested it     | x    | x           | x            | x              | x            | x              | x             | x            | expired r   | x            | x          | x          | x          |
| broken by nobody known              | x    | x           | x            | x              | x            | x              | x             | x            | expired r   | x            | x          | x          | x          |
| broken on another call              | x    | x           | x            | x              | x            | x              | x             | x            | expired r   | x            | x          | x          | x          |
| broken without a reason             | x    | x           | x            | x              | x            | x              | x             | x            | expired r   | x            | x          | x          | x          |
| reviewed by bob, of ops             | x    | x           | x            | x              | x            | x              | x             | x            | x           | x            | approved w | x          | x          |
| reviewed by erin, of incident       | x    | x           | x            | x              | x            | x              | x             | x            | x           | x            | approved w | x          | x          |
| reviewed by frank                   | x    | x           | x            | x              | x            | x              | x             | x            | x           | x            | x          | x          | x          |
| reviewed by dave, who broke it      | x    | x           | x            | x              | x            | x              | x             | x            | x           | x            | x          | x          | x          |
| reviewed by ana, who requested it   | x    | x           | x            | x              | x            | x              | x             | x            | x           | x            | x          | x          | x          |
| reviewed by nobody known            | x    | x           | x            | x              | x            | x              | x             | x            | x           | x            | x          | x          | x          |
| removed                             | x    | cancelled rl| cancelled rl | cancelled rl   | cancelled rl | cancelled rl   | cancelled rl  | cancelled rl | cancelled rl| cancelled rl | x          | approved l | rejected l |
| run.cancelled                       | x    | cancelled r | cancelled r  | cancelled r    | cancelled r  | cancelled r    | cancelled r   | cancelled r  | cancelled r | cancelled r  | approved   | approved   | rejected   |`,
    emits,
  });

  it('keeps who broke it, by which group and why, and says so as it resolves', () => {
    expect(done).toMatchObject({
      status: 'approved',
      resolved_by: 'dave',
      resolution_data: { note: 'The shop is down.' },
      break_glass: { by: 'dave', group: 'incident', reason: 'The shop is down.' },
      review: 'open',
      decisions: [{ by: 'dave', verdict: 'approved' }],
    });
    const transition = decideApproval(approvalAfter(required(terms)), broken(), now);
    const events = transition.kind === 'changed' ? transition.events : [];
    expect(events.map(({ data }) => data)).toMatchObject([
      {},
      { break_glass: { by: 'dave' }, approvals: 0, required_approvals: 2 },
      { basis: 'people', automatic: false, break_glass: { by: 'dave', group: 'incident' } },
    ]);
  });

  it('is not broken under rules that name nobody any more, or reject it', () => {
    const unnamed = rulesWith([], { require: { approvers: [{ group: 'ops', count: 2 }] } });
    const start = approvalAfter(required(terms));
    expect(decideApproval(start, broken('dave', { rules: unnamed }), now)).toMatchObject({
      code: 'may_not_break_glass',
    });
    const frozen = rulesWith([{ name: 'frozen', when: {}, then: { reject: 'Freeze.' } }]);
    expect(decideApproval(start, broken('dave', { rules: frozen }), now)).toMatchObject({
      state: { status: 'rejected', break_glass: null },
    });
  });

  it('approves what others have edited only where the rules for that name the same', () => {
    const allowed_decisions = ['approve', 'reject', 'edit'] as const;
    const tool_args = { service_name: 'auth-service', version: '2.1.1' };
    const parameters = { type: 'object' };
    const edited = approvalAfter(
      required({ ...terms, allowed_decisions: [...allowed_decisions] }, { parameters }),
      decided('approved', 'bob', { tool_args }),
    );
    const stale = broken();
    expect(decideApproval(edited, stale, now)).toMatchObject({ code: 'call_changed' });
    expect(decideApproval(edited, broken('dave', { digest: edited.digest }), now)).toMatchObject({
      state: { status: 'approved', approved_args: tool_args },
    });
    const then = { require: { approvers: [{ group: 'ops', count: 2 }], allow: [...allowed_decisions] } };
    const other = rulesWith([{ name: 'patches', when: { arguments: { version: { equals: '2.1.1' } } }, then }], {
      approve: true,
    });
    const again = { ...edited, rules_version: other.version };
    expect(decideApproval(again, broken('dave', { digest: edited.digest, rules: other }), now)).toMatchObject({
      code: 'may_not_break_glass',
    });
  });

  it('gives no grant that somebody else wished for, and makes nothing that was done by hand', () => {
    const allowed_decisions = ['approve' as const, 'reject' as const, 'grant' as const, 'result' as const];
    const start = required({ ...terms, allowed_decisions });
    const wished = approvalAfter(start, decided('approved', 'bob', { grant: { expires_in: 60 } }));
    expect(continued(wished, now, broken()).resolution_data).toEqual({ note: 'The shop is down.' });
    const byHand = approvalAfter(start, decided('approved', 'bob', { result: 'Deployed.' }));
    expect(decideApproval(byHand, broken(), now)).toMatchObject({ code: 'decision_not_allowed' });
  });

  it('takes the values that others have filled in', () => {
    const filled = approvalAfter(inputRequired(terms), decided('approved', 'bob', { values }));
    const state = continued(filled, now, broken('dave', { digest: filled.digest }));
    expect(state).toMatchObject({ status: 'approved', resolution_data: { values }, approved_args: values });
  });

  it('is not broken by who has rejected the call', () => {
    const both = {
      ...terms,
      approvers: [{ ...ops, members: ['bob', 'carol', 'dave'] }],
      on_rejection: 'continue' as const,
    };
    const refused = approvalAfter(required(both), decided('rejected', 'dave'));
    expect(decideApproval(refused, broken(), now)).toMatchObject({ code: 'already_decided' });
    const halfway = approvalAfter(required(both), decided('approved', 'dave'));
    expect(continued(halfway, now, broken())).toMatchObject({ status: 'approved', break_glass: { by: 'dave' } });
    expect(rules.version).toBe(halfway.rules_version);
  });

  it('is broken on a critical call by whoever names its target', () => {
    const presentation = Presentation.parse({ risk: 'critical' });
    const critical = approvalAfter(required(terms, {}, { presentation }));
    const { tool_name } = critical;
    expect(decideApproval(critical, broken(), now)).toMatchObject({ kind: 'rejected', code: 'target_required' });
    expect(decideApproval(critical, broken('dave', { target: tool_name }), now)).toMatchObject({ kind: 'changed' });
  });
});
