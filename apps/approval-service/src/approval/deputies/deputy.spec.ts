import type { Approval, DecisionVerdict, RequireTerms, ResolutionData } from '@countersign/contracts/approvals';
import { standingApprovals } from '@countersign/contracts/approvals';
import { describe, expect, it } from 'vitest';
import { approvalAfter, asked, decided, now, required, rules } from '../../../test/approval.fixtures.js';
import { rulesWith } from '../../../test/definitions.fixtures.js';
import { decideApproval } from '../approval.js';
import { grantIn } from '../../grants/grant-coverage.js';

/** Bob and carol are of ops; dave and erin may stand in for them; ana asks. */
const ops = { group: 'ops', count: 2, members: ['bob', 'carol', 'gil', 'ana'] };
const helpers = { group: 'helpers', members: ['dave', 'erin', 'ana', 'carol'] };
const terms: Partial<RequireTerms> = { approvers: [ops], deputies: [helpers] };
const one = { ...terms, approvers: [{ ...ops, count: 1 }] };
const named = (...delegators: string[]) =>
  delegators.map((delegator) => ({ id: `of-${delegator}`, delegator, approval_id: null as string | null }));

const deciding = (
  by: string,
  standsInFor = named('bob'),
  verdict: DecisionVerdict = 'approved',
  data: ResolutionData | null = null,
  groups: string[] = [],
) => ({ ...decided(verdict, by, data, groups), standsInFor });
const after = (approval: Approval, message: ReturnType<typeof deciding>) => decideApproval(approval, message, now);
const stateAfter = (approval: Approval, ...messages: ReturnType<typeof deciding>[]) =>
  messages.reduce((state, message) => {
    const transition = after(state, message);
    if (transition.kind !== 'changed') throw new Error(transition.reason);
    return transition.state;
  }, approval);
const codeOf = (transition: ReturnType<typeof after>) => (transition.kind === 'rejected' ? transition.code : 'counts');

describe('a deputy', () => {
  const waiting = approvalAfter(required(terms));

  it('decides in the place of whoever named them, who counts once', () => {
    const state = stateAfter(waiting, deciding('dave'));
    expect(state).toMatchObject({
      status: 'pending',
      decisions: [{ by: 'dave', on_behalf_of: 'bob', delegation_id: 'of-bob', verdict: 'approved' }],
    });
    expect(standingApprovals(state)).toBe(1);
    expect(stateAfter(state, deciding('carol')).status).toBe('approved');
  });

  it.each<[string, Partial<RequireTerms>, ReturnType<typeof deciding>]>([
    ['where the rules have none', { ...terms, deputies: [] }, deciding('dave')],
    ['unless they are in a group of them', terms, deciding('frank')],
    [
      'by a token, of a group whose members are listed',
      terms,
      deciding('frank', named('bob'), 'approved', null, ['helpers']),
    ],
    ['in the place of nobody', terms, deciding('dave', [])],
    ['of somebody who may not decide either', terms, deciding('dave', named('frank'))],
    [
      'of somebody who is in the group by a token',
      { ...terms, approvers: [{ ...ops, members: null }] },
      deciding('dave', named('bob'), 'approved', null, ['ops'].slice(1)),
    ],
    ['of who requested the call', terms, deciding('dave', named('ana'))],
    ['on what they requested themselves', terms, deciding('ana', named('bob'))],
    [
      'of who is only named by somebody else',
      { ...terms, approvers: [{ group: 'ops', count: 1, members: ['carol'] }] },
      deciding('dave', named('bob')),
    ],
    ['of another approval alone', terms, deciding('dave', [{ ...named('bob')[0]!, approval_id: 'another' }])],
  ])('does not decide %s', (_, given, message) => {
    expect(codeOf(after(approvalAfter(required(given)), message))).toBe('may_not_decide');
  });

  it('decides on the one approval that they were named for, also of a group of a token of their own', () => {
    const { id } = waiting;
    const byToken = { ...terms, deputies: [{ group: 'helpers', members: null }] };
    const of = [{ ...named('bob')[0]!, approval_id: id }];
    expect(codeOf(after(waiting, deciding('dave', of)))).toBe('counts');
    const token = deciding('frank', of, 'approved', null, ['helpers']);
    expect(codeOf(after(approvalAfter(required(byToken)), token))).toBe('counts');
  });

  it('fills no second place: neither their own, nor one of two delegators, nor that of who decided', () => {
    const twice = stateAfter(waiting, deciding('dave', named('bob', 'carol')));
    expect(codeOf(after(twice, deciding('dave', named('carol'))))).toBe('already_decided');
    expect(codeOf(after(twice, deciding('erin', named('bob'))))).toBe('may_not_decide');
    expect(codeOf(after(twice, deciding('bob', [])))).toBe('already_decided');
    const own = stateAfter(waiting, deciding('bob', []));
    expect(codeOf(after(own, deciding('dave', named('bob'))))).toBe('may_not_decide');
    // Who may decide by a group of their own does that, whoever has named them.
    expect(stateAfter(waiting, deciding('carol', named('bob'))).decisions).toMatchObject([{ on_behalf_of: null }]);
  });

  it('is overruled by whoever comes back', () => {
    const state = stateAfter(waiting, deciding('dave'));
    expect(stateAfter(state, deciding('bob', [], 'rejected')).status).toBe('rejected');
    const continuing = approvalAfter(required({ ...terms, on_rejection: 'continue' }));
    const back = stateAfter(continuing, deciding('dave'), deciding('bob', [], 'rejected'));
    expect([back.status, standingApprovals(back)]).toEqual(['pending', 0]);
  });

  it('rejects in the place of whoever named them', () => {
    expect(stateAfter(waiting, deciding('dave', named('bob'), 'rejected'))).toMatchObject({
      status: 'rejected',
      decisions: [{ by: 'dave', on_behalf_of: 'bob' }],
    });
  });

  it('asks instead, and then nobody else approves', () => {
    const question = { ...asked('dave'), standsInFor: named('bob') } as ReturnType<typeof asked>;
    const transition = decideApproval(waiting, question, now);
    if (transition.kind !== 'changed') throw new Error(transition.reason);
    expect(codeOf(after(transition.state, deciding('carol', [])))).toBe('question_open');
    expect(codeOf(decideApproval(waiting, asked('dave'), now) as ReturnType<typeof after>)).toBe('may_not_decide');
  });

  it('counts no more once the rules have none, or the delegator is in the group no more', () => {
    const state = stateAfter(waiting, deciding('dave'));
    const group = [{ group: 'ops', count: 2 }];
    const without = { ops: ['bob', 'carol', 'gil'], helpers: ['dave', 'erin'] };
    for (const [groups, deputies] of [
      [without, undefined],
      [{ ...without, ops: ['carol', 'gil'] }, ['helpers']],
      [{ ...without, helpers: ['erin'] }, ['helpers']],
    ] as const) {
      const tightened = rulesWith(
        [],
        { require: { approvers: group, deputies: deputies && [...deputies] } },
        groups as never,
      );
      const next = after(state, { ...deciding('carol', []), rules: tightened });
      expect(next).toMatchObject({ kind: 'changed', state: { status: 'pending' } });
    }
  });

  it('gives no grant, and none comes of what they approved', () => {
    const granting = approvalAfter(required({ ...terms, allowed_decisions: ['approve', 'reject', 'grant'] }));
    const grant = { grant: { expires_in: 60 } };
    expect(codeOf(after(granting, deciding('dave', named('bob'), 'approved', grant)))).toBe('values_do_not_fit');
    const both = stateAfter(
      granting,
      deciding('carol', [], 'approved', grant),
      deciding('dave', named('bob'), 'approved', grant),
    );
    expect(both.status).toBe('approved');
    expect(grantIn(both, 'g', 'salt', 'v')).toBeUndefined();
  });

  it('is nobody by an approval that was stored before there were any', () => {
    const { deputies: _deputies, ...before } = waiting.terms;
    const old = { ...waiting, rules_version: 'before', terms: before as RequireTerms };
    expect(codeOf(after(old, deciding('dave')))).toBe('may_not_decide');
    const two = stateAfter(old, deciding('bob', []), deciding('carol', []));
    expect(two.status).toBe('approved');
  });

  it('never breaks glass', () => {
    const glass = approvalAfter(required({ ...one, break_glass: [{ group: 'ops', members: ['bob'] }] }));
    const said = {
      type: 'glass_broken',
      by: 'dave',
      groups: [],
      reason: 'Fire.',
      digest: glass.digest,
      rules,
    } as const;
    expect(codeOf(decideApproval(glass, { ...said, standsInFor: named('bob') } as never, now) as never)).toBe(
      'may_not_break_glass',
    );
  });
});
