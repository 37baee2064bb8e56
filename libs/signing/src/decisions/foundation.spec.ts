import { after } from '@countersign/contracts/time';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reservation } from './check.js';
import { claims as approved, now } from '../../test/claims.fixtures.js';
import type { DecisionClaims } from './claims.js';

const claims: DecisionClaims = { ...approved, requester: 'ana', requested_by: 'ann' };
const by = (name: string | null, verdict: 'approved' | 'rejected' = 'approved') => ({
  by: name,
  verdict,
  at: after(now, -38),
});
const inPlaceOf = (name: string, on_behalf_of: string) => ({ ...by(name), on_behalf_of });
const said = (change: Partial<DecisionClaims>) => reservation({ ...claims, ...change })?.reason;

const givenBy = (...names: string[]) => names.map((name) => ({ by: name, at: after(now, -1_000) }));
const grant = { id: 'grant-1', given_by: givenBy('bob'), required_approvals: 1, expires_at: now };
const granted: Partial<DecisionClaims> = { basis: 'grant', automatic: true, deciders: [], grant };
const byRule: Partial<DecisionClaims> = { basis: 'rule', automatic: true, deciders: [], policy_version: 'v1' };

describe('an approval by people', () => {
  it.each<[string, Partial<DecisionClaims>]>([
    ['nobody', { deciders: [] }],
    ['one of two', { required_approvals: 2 }],
    ['one person twice', { required_approvals: 2, deciders: [by('bob'), by('bob')] }],
    ['somebody who rejected it', { deciders: [by('bob', 'rejected')] }],
    [
      'two, of whom one then rejected it',
      { required_approvals: 2, deciders: [by('bob'), by('eve'), by('eve', 'rejected')] },
    ],
    ['whoever it was asked for', { deciders: [by('ana')] }],
    ['whoever asked', { deciders: [by('ann')] }],
    ['one of two beside whoever asked', { required_approvals: 2, deciders: [by('bob'), by('ann')] }],
    ['nobody who is known', { deciders: [by(null)] }],
    ['a deputy beside whoever named them', { required_approvals: 2, deciders: [inPlaceOf('dave', 'bob'), by('bob')] }],
    ['two deputies of one', { required_approvals: 2, deciders: [inPlaceOf('dave', 'bob'), inPlaceOf('erin', 'bob')] }],
    ['one deputy of two', { required_approvals: 2, deciders: [inPlaceOf('dave', 'bob'), inPlaceOf('dave', 'eve')] }],
    ['a deputy of whoever asked', { deciders: [inPlaceOf('dave', 'ana')] }],
    ['a deputy of who rejected it', { deciders: [inPlaceOf('dave', 'bob'), by('bob', 'rejected')] }],
    ['one of two who is known', { four_eyes: false, required_approvals: 2, deciders: [by('bob'), by(null)] }],
  ])('is not enough by %s', (_, change) => {
    expect(said(change)).toMatch(/Fewer people/);
  });

  it('is not enough when it is not known who asked', () => {
    expect(said({ requested_by: null })).toMatch(/The requester is unknown/);
  });

  it('is enough by so many others, and without four eyes by anybody', () => {
    expect(said({})).toBeUndefined();
    expect(said({ required_approvals: 2, deciders: [by('bob'), by('eve')] })).toBeUndefined();
    expect(said({ required_approvals: 2, deciders: [inPlaceOf('dave', 'bob'), by('eve')] })).toBeUndefined();
    expect(said({ four_eyes: false, deciders: [by('ann')] })).toBeUndefined();
    expect(said({ four_eyes: false, requested_by: null, deciders: [by(null)] })).toBeUndefined();
  });
});

describe('an approval by itself', () => {
  it('is enough by a rule, by an audit, and by a grant that holds', () => {
    expect(said(byRule)).toBeUndefined();
    expect(said({ ...byRule, basis: 'audit', policy_version: null })).toBeUndefined();
    expect(said(granted)).toBeUndefined();
  });

  it.each<[string, Partial<typeof grant>, Partial<DecisionClaims>]>([
    ['was over when it was used', { expires_at: claims.resolved_at }, {}],
    ['too few gave', { required_approvals: 2 }, {}],
    ['one person gave twice', { required_approvals: 2, given_by: givenBy('bob', 'bob') }, {}],
    ['nobody gave', { given_by: [] }, {}],
    ['whoever asked gave', { given_by: givenBy('ann') }, {}],
    ['whoever it is asked for gave as well', { given_by: givenBy('bob', 'ana') }, {}],
    ['may be of whoever asked', {}, { requested_by: null }],
  ])('is not enough by a grant that %s', (_, change, call) => {
    expect(said({ ...granted, ...call, grant: { ...grant, ...change } })).toMatch(/grant/);
  });

  it.each<[string, Partial<DecisionClaims>]>([
    ['nothing', { basis: null }],
    ['people, and is automatic', { automatic: true }],
    ['a rule, and is not automatic', { ...byRule, automatic: false }],
    ['a rule, and somebody decided', { ...byRule, deciders: [by('bob')] }],
    ['a rule, of no rules', { ...byRule, policy_version: null }],
    ['a rule, and there is a grant', { ...byRule, grant }],
    ['a grant, and there is none', { ...granted, grant: null }],
  ])('is not enough when it rests on %s', (_, change) => {
    expect(said(change)).toMatch(/consistently/);
  });

  it('does not need to rest on anything when it is no approval', () => {
    expect(said({ status: 'cancelled', basis: null, deciders: [] })).toBeUndefined();
  });
});

describe('whatever the claims', () => {
  const name = fc.constantFrom('ana', 'ann', 'bob', 'eve', 'eli');
  const decider = fc.record({
    by: fc.option(name),
    verdict: fc.constantFrom('approved' as const, 'rejected' as const),
    at: fc.constant(after(now, -38)),
  });
  const anyClaims = fc
    .record<Partial<DecisionClaims>>({
      basis: fc.constantFrom('people', 'grant'),
      automatic: fc.boolean(),
      four_eyes: fc.boolean(),
      required_approvals: fc.integer({ min: 1, max: 3 }),
      requester: fc.option(name),
      requested_by: fc.option(name),
      deciders: fc.array(decider, { maxLength: 5 }),
      grant: fc.option(
        fc.record({
          id: fc.constant('grant-1'),
          given_by: fc.array(fc.record({ by: name, at: fc.constant(now) }), { maxLength: 4 }),
          required_approvals: fc.integer({ min: 1, max: 2 }),
          expires_at: fc.constantFrom(after(now, -100), after(now, 100)),
        }),
      ),
    })
    .map((change) => ({ ...claims, ...change }));

  it('nothing stands on fewer people than it takes, none of whom asked where others have to approve', () => {
    fc.assert(
      fc.property(anyClaims, (claims) => {
        if (reservation(claims) !== undefined) return;
        const { basis, deciders, four_eyes, grant, requested_by, requester, required_approvals } = claims;
        const names = basis === 'grant' ? grant!.given_by : deciders.filter(({ verdict }) => verdict === 'approved');
        const known = new Set(names.map(({ by }) => by));
        const required = basis === 'grant' ? grant!.required_approvals : required_approvals;
        const isStrict = four_eyes || basis === 'grant';
        if (isStrict) for (const asker of [requester, requested_by, null]) known.delete(asker);
        expect(known.size).toBeGreaterThanOrEqual(required);
        if (isStrict) expect(requested_by).not.toBeNull();
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('an approval in an emergency', () => {
  const at = after(now, -38);
  const glass: Partial<DecisionClaims> = {
    required_approvals: 2,
    policy_version: 'v1',
    break_glass: { by: 'dave', at, group: 'incident' },
    deciders: [by('dave')],
  };

  it('is enough by one who did not ask', () => {
    expect(said(glass)).toBeUndefined();
    expect(said({ ...glass, break_glass: undefined })).toMatch(/Fewer people/);
  });

  it.each<[string, Partial<DecisionClaims>]>([
    ['nobody has decided', { deciders: [] }],
    ['somebody else has', { deciders: [by('bob')] }],
    ['it was decided at another time', { deciders: [{ ...by('dave'), at: now }] }],
    ['who broke it rejected it', { deciders: [by('dave', 'rejected')] }],
    ['who broke it also rejected it', { deciders: [by('dave', 'rejected'), by('dave')] }],
    ['who sent the request broke it, without four eyes', { requested_by: 'dave', four_eyes: false }],
    ['it was for who broke it, without four eyes', { requester: 'dave', four_eyes: false }],
    ['nobody knows who asked, without four eyes', { requested_by: null, four_eyes: false }],
    ['no rules are named', { policy_version: null }],
    ['it says that a rule decided', { basis: 'rule', automatic: true, deciders: [] }],
    ['it does not say until when', { act_by: null }],
  ])('is not enough where %s', (_, change) => {
    expect(said({ ...glass, ...change })).toEqual(expect.any(String));
  });
});
