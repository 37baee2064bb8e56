import type { Approval, RequireTerms, ResolutionData, DecisionVerdict } from '@countersign/contracts/approvals';
import { Presentation } from '@countersign/contracts/presentation';
import { after } from '@countersign/contracts/time';
import { DecisionKind } from '@countersign/contracts/approvals';
import { describe, expect, it } from 'vitest';
import {
  approvalAfter,
  approvalsOfAnybody,
  continued,
  decided,
  inputRequired,
  now,
  required,
  values,
} from '../../test/approval.fixtures.js';
import { argsOf, validateDecision, resolvedCall } from './decision.js';

const parameters = {
  type: 'object',
  properties: { service_name: { type: 'string' }, version: { type: 'string', pattern: '^2' } },
  required: ['service_name', 'version'],
  additionalProperties: false,
};
const everything: Partial<RequireTerms> = { allowed_decisions: DecisionKind.options };
const asked = approvalAfter(required(everything, { parameters }));
const edited = (version: unknown) => ({ tool_args: { service_name: 'auth-service', version } });
const objection = (approval: Approval, ...decision: Parameters<typeof decided>) =>
  validateDecision(approval, decided(...decision));

describe('a critical call', () => {
  const presentation = Presentation.parse({
    environment: { argument: 'service_name', values: { 'auth-service': { risk: 'critical' }, search: {} } },
  });
  const critical = approvalAfter(required(everything, { parameters }, { presentation }));
  const typing = (
    target: string | undefined,
    data: ResolutionData | null = null,
    verdict: DecisionVerdict = 'approved',
  ) => validateDecision(critical, { ...decided(verdict, 'bob', data), target });
  const refused = { code: 'target_required' };

  it('is approved by whoever names its target to the letter, by whatever client', () => {
    for (const target of [undefined, '', 'auth-service ', 'Auth-service', 'search'])
      expect(typing(target)).toMatchObject(refused);
    expect(typing('auth-service')).toBeNull();
  });

  it('has the target of what would run', () => {
    const search = { tool_args: { service_name: 'search', version: '2.1.0' } };
    const elsewhere = { tool_args: { service_name: 'аuth-service', version: '2.1.0' } };
    expect(typing(undefined, search)).toBeNull();
    for (const target of [undefined, 'auth-service']) expect(typing(target, elsewhere)).toMatchObject(refused);
    expect(typing('аuth-service', elsewhere)).toBeNull();
  });

  it('is rejected, and said to be done, without one', () => {
    expect(typing(undefined, null, 'rejected')).toBeNull();
    expect(typing(undefined, { result: 'done' })).toBeNull();
  });
});

describe('somebody who decides', () => {
  const ops = { group: 'ops', count: 1, members: ['bob'] };
  const ofOps = approvalAfter(required({ approvers: [ops] }));
  const ofToken = approvalAfter(required({ approvers: [{ ...ops, members: null }] }));

  it('is not whoever asked, where four eyes are wanted', () => {
    const reason = 'the requester does not decide on the call';
    for (const verdict of ['approved', 'rejected'] as const)
      expect(objection(asked, verdict, 'ana')).toEqual({ reason, code: 'may_not_decide' });
    expect(objection(approvalAfter(required({ four_eyes: false })), 'approved', 'ana')).toBeNull();
  });

  it('is of a group that decides, by the rules or by their token, as the rules say', () => {
    const refused = { reason: 'only members of ops decide on it', code: 'may_not_decide' };
    expect(objection(ofOps, 'approved', 'bob')).toBeNull();
    expect(objection(ofOps, 'approved', 'carol', null, ['ops'])).toEqual(refused);
    expect(objection(ofToken, 'approved', 'carol', null, ['ops'])).toBeNull();
    expect(objection(ofToken, 'rejected', 'bob')).toEqual(refused);
  });

  it('may be of a group that it was escalated to, once it is', () => {
    const terms = { approvers: [ops], escalate_after: 60, escalate_to: [{ group: 'leads', members: ['erin'] }] };
    const approval = approvalAfter(required(terms));
    expect(objection(approval, 'approved', 'erin')).toMatchObject({ code: 'may_not_decide' });
    const escalated = { ...approval, escalated_at: after(approval.created_at, 60) };
    expect(objection(escalated, 'approved', 'erin')).toBeNull();
    expect(objection(escalated, 'approved', 'frank')).toMatchObject({
      reason: 'only members of ops, leads decide on it',
    });
  });

  it('has a name where it matters who it is', () => {
    expect(objection(approvalAfter(required(approvalsOfAnybody(2))), 'approved', null)).toMatchObject({
      code: 'decider_unknown',
    });
    expect(objection(asked, 'approved', null)).toMatchObject({ code: 'may_not_decide' });
    expect(objection(ofOps, 'approved', null)).toMatchObject({ code: 'may_not_decide' });
    expect(objection(approvalAfter(required({ four_eyes: false })), 'approved', null)).toBeNull();
  });
});

describe('what a decision does', () => {
  const plain = approvalAfter(required());
  it.each<[DecisionKind, Parameters<typeof decided>[0], ResolutionData | null]>([
    ['approve', 'approved', null],
    ['reject', 'rejected', null],
    ['edit', 'approved', edited('2.1.1')],
    ['values', 'approved', { values: {} }],
    ['result', 'approved', { result: '' }],
    ['grant', 'approved', { grant: { expires_in: 60 } }],
  ])('is refused unless the rules allow it: %s', (kind, verdict, data) => {
    const allowed_decisions = DecisionKind.options.filter((each) => each !== kind);
    const approval = approvalAfter(required({ allowed_decisions }, { parameters }));
    expect(objection(approval, verdict, 'bob', data)).toMatchObject({
      reason: expect.stringMatching(/^the rules do not allow this here: to /),
      code: 'decision_not_allowed',
    });
    expect(objection(asked, verdict, 'bob', data)).toBeNull();
  });

  it('is no edit when the arguments are the ones that were asked for', () => {
    expect(objection({ ...plain, parameters }, 'approved', 'bob', { tool_args: { ...plain.tool_args } })).toBeNull();
  });

  it('is only to reject when it rejects, whatever else it says', () => {
    expect(objection(plain, 'rejected', 'bob', { ...edited(1), grant: { expires_in: 60 } })).toBeNull();
  });

  it('needs a reason where the rules ask for one, of more than white space', () => {
    const approval = approvalAfter(required({ reason_required: ['reject'] }));
    const refused = { reason: 'the rules ask for a reason: give one as resolution_data.note', code: 'reason_required' };
    for (const data of [null, {}, { note: '  \n' }])
      expect(objection(approval, 'rejected', 'bob', data)).toEqual(refused);
    expect(objection(approval, 'rejected', 'bob', { note: 'Freeze.' })).toBeNull();
    expect(objection(approval, 'approved', 'bob')).toBeNull();
    const ofBoth = approvalAfter(required({ reason_required: ['approve', 'reject'] }));
    expect(objection(ofBoth, 'approved', 'bob')).toEqual(refused);
  });
});

describe('other arguments', () => {
  it('fit the schema of the tool', () => {
    expect(objection(asked, 'approved', 'bob', edited('2.1.1'))).toBeNull();
    expect(objection(asked, 'approved', 'bob', edited('3.0.0'))).toEqual({
      reason: expect.stringContaining('resolution_data.tool_args: version: must match pattern'),
      code: 'values_do_not_fit',
    });
    expect(objection(asked, 'approved', 'bob', { tool_args: {} })).toMatchObject({ code: 'values_do_not_fit' });
  });

  it('are refused where the schema is not known', () => {
    const approval = approvalAfter(required(everything));
    expect(objection(approval, 'approved', 'bob', edited('2.1.1'))).toMatchObject({
      reason: expect.stringContaining('the schema of this tool is not known here'),
      code: 'values_do_not_fit',
    });
  });

  it('are the ones that are approved, together with the values that a person filled in', () => {
    const approval = approvalAfter(inputRequired(everything));
    const args = { service_name: 'auth-service', version: '2.1.1' };
    expect(argsOf(approval, decided('approved', 'bob', { tool_args: args, values }))).toEqual({ ...args, ...values });
    expect(argsOf(approval, decided('approved', 'bob', { values }))).toEqual({ ...approval.tool_args, ...values });
    expect(argsOf(asked, decided('approved', 'bob', { values }))).toEqual(asked.tool_args);
    expect(argsOf(asked, decided('approved', 'bob'))).toEqual(asked.tool_args);
  });

  it('have a digest of their own in the resolution', () => {
    expect(resolvedCall(asked)).toEqual({ tool_args: asked.tool_args, digest: asked.digest });
    const approved_args = edited('2.1.1').tool_args;
    const call = resolvedCall({ ...asked, approved_args });
    expect(call).toMatchObject({ tool_args: approved_args });
    expect(call.digest).not.toBe(asked.digest);
  });

  it('are the same for all who approve', () => {
    const terms = { ...everything, ...approvalsOfAnybody(3) };
    const half = approvalAfter(required(terms, { parameters }), decided('approved', 'bob', edited('2.1.1')));
    const refused = {
      code: 'others_disagree',
      reason: 'others have approved other values or arguments, or another result or grant: approve the same, or reject',
    };
    expect(objection(half, 'approved', 'carol')).toEqual(refused);
    expect(objection(half, 'approved', 'carol', edited('2.1.2'))).toEqual(refused);
    expect(objection(half, 'approved', 'carol', edited('2.1.1'))).toBeNull();
    expect(objection(half, 'rejected', 'carol')).toBeNull();
    const plain = approvalAfter(required(terms, { parameters }), decided('approved', 'bob'));
    expect(objection(plain, 'approved', 'carol', edited('2.1.1'))).toEqual(refused);
  });
});

describe('the call that somebody saw', () => {
  const changed = {
    reason: 'this call is not the one that was looked at any more: look at it again',
    code: 'call_changed',
  };
  const terms = { ...everything, ...approvalsOfAnybody(2) };
  const before = approvalAfter(required(terms, { parameters }));
  const half = continued(before, now, decided('approved', 'bob', edited('2.1.1')));
  const onSeen = (
    approval: Approval,
    digest: string,
    verdict: DecisionVerdict = 'approved',
    data: ResolutionData | null = null,
  ) => objection(approval, verdict, 'carol', data, [], digest);

  it('is the one that is decided on', () => {
    expect(onSeen(before, before.digest)).toBeNull();
    for (const verdict of ['approved', 'rejected'] as const)
      expect(onSeen(before, half.digest, verdict)).toEqual(changed);
  });

  it('is another once an approver has chosen other arguments, also for whoever names them unseen', () => {
    expect(half.digest).toBe(resolvedCall(half).digest);
    expect(half.digest).not.toBe(before.digest);
    expect(onSeen(half, before.digest, 'approved', edited('2.1.1'))).toEqual(changed);
    expect(onSeen(half, half.digest, 'approved', edited('2.1.1'))).toBeNull();
    expect(onSeen(half, half.digest)).toMatchObject({ reason: expect.stringContaining('others have approved') });
    const same = continued(before, now, decided('approved', 'bob', edited(before.tool_args['version'])));
    expect(onSeen(same, before.digest)).toBeNull();
  });

  it('does not matter to somebody who may not decide anyway', () => {
    expect(objection(before, 'approved', 'ana', null, [], 'another')).toMatchObject({ code: 'may_not_decide' });
  });
});
