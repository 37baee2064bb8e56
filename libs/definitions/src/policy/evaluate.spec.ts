import { describe, expect, it } from 'vitest';
import { evaluate, policySetOf, policyVersion, shadowSetOf } from './evaluate.js';
import { call, groups, policies, terms } from '../../test/policy.fixtures.js';
import { RequireTerms } from '@countersign/contracts/approvals';

const anybody = { group: null, count: 1, members: null };
const managers = (count: number) => ({ group: 'managers', count, members: groups.managers });
const two = { require: { approvers: [{ group: 'managers', count: 2 }] } };
const staging = { arguments: { environment: { equals: 'staging' } } };
const rule = (name: string, when: object, then: object) => ({ name, when, then });

describe('what becomes of a call', () => {
  it('is one approval by anybody else, without limit of time, when nothing is said', () => {
    expect(evaluate(policies(), call())).toEqual({
      rule: null,
      saw: [],
      outcome: 'require',
      terms: terms(),
      reason: null,
    });
  });

  it('is what the default says when no rule matches', () => {
    const other = [rule('other', { agent: ['support'] }, { approve: true })];
    expect(evaluate(policies(other, two), call()).terms?.approvers).toEqual([managers(2)]);
    expect(evaluate(policies(other, { reject: 'No.' }), call())).toEqual({
      rule: null,
      saw: [],
      outcome: 'reject',
      terms: null,
      reason: 'No.',
    });
    expect(evaluate(policies(other, { approve: true }), call())).toMatchObject({ rule: null, outcome: 'approve' });
  });

  it('is what the first rule says that matches', () => {
    const rules = [
      rule('support', { agent: ['support'] }, { reject: 'Not you.' }),
      rule('ops', { agent: ['ops'] }, { approve: true }),
      rule('deploys', { tool: ['deploy'] }, { reject: 'Not now.' }),
    ];
    expect(evaluate(policies(rules), call())).toEqual({
      rule: 'ops',
      saw: [],
      outcome: 'approve',
      terms: null,
      reason: null,
    });
  });

  it('is approval without a word when the tool is only audited and no rule matches', () => {
    const audit = call({ approval_type: 'audit' });
    expect(evaluate(policies([], two), audit)).toMatchObject({ rule: null, outcome: 'approve' });
    expect(evaluate(policies([rule('all', {}, two)]), audit)).toMatchObject({ rule: 'all', outcome: 'require' });
  });

  it('has terms that need nothing else to be understood', () => {
    const require = {
      approvers: [{ group: 'managers', count: 2 }, { group: 'leads' }, { anyone: true, count: 1 }],
      four_eyes: false,
      on_rejection: 'continue',
      reason: ['reject'],
      allow: ['approve', 'reject', 'edit'],
      expires_in: '4h',
      remind_after: '30m',
      escalate: { after: 7200, to: ['security', 'leads'] },
      grant: { max_duration: '8h', max_uses: 20, arguments: 'chosen' },
    };
    const { terms } = evaluate(policies([], { require }), call());
    expect(terms).toEqual({
      approvers: [managers(2), { group: 'leads', count: 1, members: null }, anybody],
      four_eyes: false,
      on_rejection: 'continue',
      reason_required: ['reject'],
      allowed_decisions: ['approve', 'reject', 'edit'],
      expires_in: 14_400,
      remind_every: 1_800,
      escalate_after: 7_200,
      escalate_to: [
        { group: 'security', members: ['grace', 'barbara'] },
        { group: 'leads', members: null },
      ],
      break_glass: [],
      deputies: [],
      grant: { max_duration: 28_800, max_uses: 20, arguments: 'chosen' },
    });
    expect(RequireTerms.parse(JSON.parse(JSON.stringify(terms)))).toEqual(terms);
  });

  it('can be met by nobody when its group is not there', () => {
    const { terms } = evaluate(policies([], { require: { approvers: [{ group: 'constructor' }] } }), call());
    expect(terms?.approvers).toEqual([{ group: 'constructor', count: 1, members: [] }]);
  });
});

describe('a rule of which it is open whether it matches', () => {
  it.each([{}, { environment: null }, { environment: 1 }, { environment: ['staging'] }])(
    'does not approve, with %j',
    (args) => {
      const not = { arguments: { environment: { not_equals: 'production' } } };
      for (const when of [staging, not, { not: staging }, { not }, { any: [staging, not] }])
        expect(evaluate(policies([rule('r', when, { approve: true })]), call({ arguments: args }))).toMatchObject({
          rule: null,
          outcome: 'require',
        });
    },
  );

  it('rejects', () => {
    const rules = [rule('r', staging, { reject: 'No.' }), rule('all', { tool: ['deploy'] }, { approve: true })];
    expect(evaluate(policies(rules), call())).toMatchObject({ rule: 'r', outcome: 'reject', reason: 'No.' });
    expect(evaluate(policies(rules), call({ arguments: { environment: 'x' } }))).toMatchObject({ outcome: 'approve' });
  });

  it('requires its terms of what a later rule approves', () => {
    const rules = [rule('r', staging, two), rule('all', { tool: ['deploy'] }, { approve: true })];
    const result = evaluate(policies(rules), call());
    expect(result).toMatchObject({ rule: 'r', outcome: 'require', terms: { approvers: [managers(2)] } });
    expect(result.reason).toBe('The call does not tell whether "r" applies, so its terms count as well.');
  });

  it('requires its terms of a call that is only audited', () => {
    expect(evaluate(policies([rule('r', staging, two)]), call({ approval_type: 'audit' }))).toMatchObject({
      rule: 'r',
      terms: { approvers: [managers(2)] },
    });
  });

  it('hides no later rule that is stricter', () => {
    const lenient = rule('r', staging, { require: {} });
    const rejecting = [lenient, rule('all', {}, { reject: 'No.' })];
    expect(evaluate(policies(rejecting), call())).toMatchObject({ rule: 'all', outcome: 'reject', reason: 'No.' });
    expect(evaluate(policies([lenient], two), call()).terms?.approvers).toEqual([managers(2)]);
  });

  it('adds to what a later rule requires: whatever is stricter of each', () => {
    const one = {
      approvers: [{ group: 'managers' }, { anyone: true, count: 3 }],
      four_eyes: false,
      on_rejection: 'continue',
      reason: ['approve'],
      allow: ['approve', 'edit'],
      expires_in: '4h',
      escalate: { after: '1h', to: ['leads'] },
    };
    const other = {
      approvers: [{ group: 'managers', count: 2 }, { group: 'security' }],
      reason: ['reject'],
      expires_in: '2h',
      remind_after: '1h',
    };
    expect(evaluate(policies([rule('r', staging, { require: one })], { require: other }), call()).terms).toEqual(
      terms({
        // Four people in all, as the first says; two and one of them as the second says.
        approvers: [managers(2), { group: 'security', count: 1, members: groups.security }, anybody],
        reason_required: ['approve', 'reject'],
        allowed_decisions: ['approve'],
        expires_in: 7_200,
        remind_every: 3_600,
      }),
    );
  });

  it('is distinguished from a call that does not have the argument at all', () => {
    const when = { arguments: { environment: { exists: true, equals: 'staging' } } };
    expect(evaluate(policies([rule('r', when, { reject: 'No.' })]), call())).toMatchObject({ rule: null });
  });
});

describe('an evaluation that fails', () => {
  it('requires what every rule does, all at once, and says why', () => {
    const args = {
      get a(): never {
        throw new Error('out of order');
      },
    };
    const rules = [
      rule('r', { arguments: { a: { equals: 1 } } }, { approve: true }),
      rule('s', { tool: ['refund'] }, { require: { approvers: [{ group: 'security' }], expires_in: '1h' } }),
    ];
    expect(evaluate(policies(rules, two), call({ arguments: args }))).toEqual({
      rule: null,
      saw: [],
      outcome: 'require',
      terms: terms({
        approvers: [{ group: 'security', count: 1, members: groups.security }, managers(2)],
        reason_required: ['reject', 'approve'],
        allowed_decisions: ['approve', 'reject'],
        expires_in: 3_600,
      }),
      reason: 'The policies could not be evaluated: out of order',
    });
  });
});

describe('a version of the policies', () => {
  const one = policies([rule('r', staging, two)]);

  it('is the same for the same policies and groups', () => {
    expect(policyVersion(one)).toMatch(/^[0-9a-f]{32}$/);
    expect(policyVersion(policies([rule('r', staging, two)]))).toBe(policyVersion(one));
    const { groups, rules, default: other } = one;
    expect(policyVersion({ default: other, rules, groups })).toBe(policyVersion(one));
  });

  it('is another when a rule, its place, the default or a member is', () => {
    const other = { ...one, groups: { ...one.groups, managers: ['ada'] } };
    const versions = [
      one,
      other,
      policies(),
      policies([rule('r', staging, two)], two),
      policies([rule('r', staging, two), rule('s', {}, two)]),
      policies([rule('s', {}, two), rule('r', staging, two)]),
    ].map(policyVersion);
    expect(new Set(versions).size).toBe(versions.length);
  });
});

describe('a shadow', () => {
  it('is policies with the same groups, when there is one', () => {
    const { groups, ...declared } = policies();
    const { groups: _, ...shadow } = policies([rule('r', staging, two)]);
    expect(shadowSetOf({ groups, policies: declared })).toBeNull();
    expect(shadowSetOf({ groups, policies: declared, shadow })).toEqual({ ...shadow, groups });
    expect(policySetOf({ groups, policies: declared, shadow })).toEqual({ ...declared, groups });
  });
});
