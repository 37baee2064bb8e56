import { atSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { approvalWith, decision, now, terms } from '../../../test/approval.fixtures.js';
import { isMine } from '../list/views.js';
import {
  approvedInPlaceOf,
  decidingRule,
  mayBreakGlass,
  mayReview,
  needsReason,
  obstacleFor,
  placeFor,
  resolutionOf,
  whoDecided,
} from './decision.js';

const bob = { subject: 'bob', groups: [] };
const group = (name: string, members: string[] | null) => ({ group: name, count: 1, members });

describe('the body of a decision', () => {
  const shown = approvalWith();
  const { digest } = shown;

  it('says nothing but yes when there is nothing else to say', () => {
    expect(resolutionOf(shown, 'approved', { note: '  ' })).toEqual({ status: 'approved', digest });
  });

  it('has everything that goes with an approval', () => {
    const draft = { note: ' Go. ', tool_args: { version: '3' }, grant: 3_600, values: { hours: 8 } };
    expect(resolutionOf(shown, 'approved', draft)).toEqual({
      status: 'approved',
      digest,
      resolution_data: { note: 'Go.', tool_args: { version: '3' }, grant: { expires_in: 3_600 }, values: { hours: 8 } },
    });
  });

  it('has no values for work that is already done', () => {
    expect(resolutionOf(shown, 'approved', { note: '', values: {}, result: 'done' })).toEqual({
      status: 'approved',
      digest,
      resolution_data: { result: 'done' },
    });
  });

  it('has nothing but the reason when it is a no', () => {
    const draft = { note: 'No.', tool_args: {}, result: 'done', grant: 60, values: {} };
    expect(resolutionOf(shown, 'rejected', draft)).toEqual({
      status: 'rejected',
      digest,
      resolution_data: { note: 'No.' },
    });
  });
});

describe('somebody', () => {
  it('decides where nothing speaks against it', () => {
    expect(obstacleFor(bob, approvalWith())).toBeNull();
  });

  it('does not decide on what they asked for, unless the rules let them', () => {
    expect(obstacleFor(bob, approvalWith({ user_id: 'bob' }))).toMatch(/You requested this/);
    expect(obstacleFor(bob, approvalWith({ requested_by: 'bob' }))).toMatch(/You requested this/);
    expect(obstacleFor(bob, approvalWith({ user_id: 'bob', terms: terms({ four_eyes: false }) }))).toBeNull();
  });

  it('does not decide twice', () => {
    const approved = approvalWith({ requested_by: 'ana', decisions: [decision('bob')] });
    expect(obstacleFor(bob, approved)).toMatch(/You have approved this/);
  });

  it('decides again where the rules ask for a reason by now, and they gave none', () => {
    const decisions = [{ ...decision('bob'), note: null }];
    const stricter = approvalWith({ requested_by: 'ana', decisions, terms: terms({ reason_required: ['approve'] }) });
    expect(obstacleFor(bob, stricter)).toBeNull();
  });

  it('has to be in a group that is asked for, by name or by what their token says', () => {
    const named = approvalWith({ terms: terms({ approvers: [group('leads', ['eve'])] }) });
    const byToken = approvalWith({ terms: terms({ approvers: [group('leads', null)] }) });
    expect(obstacleFor(bob, named)).toBe('This needs a member of leads.');
    expect(obstacleFor({ subject: 'eve', groups: [] }, named)).toBeNull();
    expect(obstacleFor(bob, byToken)).toBe('This needs a member of leads.');
    expect(obstacleFor({ ...bob, groups: ['leads'] }, byToken)).toBeNull();
  });

  it('may decide once it was passed on to them', () => {
    const escalating = terms({ approvers: [group('leads', ['eve'])], escalate_to: [group('bosses', ['bob'])] });
    expect(obstacleFor(bob, approvalWith({ terms: escalating }))).toMatch(/leads/);
    expect(obstacleFor(bob, approvalWith({ terms: escalating, escalated_at: atSeconds(1) }))).toBeNull();
  });

  it('gives a reason where the rules ask for one', () => {
    const approval = approvalWith({ terms: terms({ reason_required: ['reject'] }) });
    expect([needsReason(approval, 'rejected'), needsReason(approval, 'approved')]).toEqual([true, false]);
  });
});

describe('the rule that has decided', () => {
  const letsThrough = { rule: 'small', version: 'v1' };
  it.each([
    ['is none while people decide on what it would let through', { status: 'pending' }, false],
    ['is none where nobody did in time', { status: 'expired' }, false],
    ['is none where somebody did', { status: 'approved', resolved_by: 'eve' }, false],
    ['is what lets it through', { status: 'approved' }, true],
    ['is none where it asks for people, and a grant let it through', { status: 'approved', outcome: 'require' }, false],
  ] as const)('%s', (_, { outcome = 'approve', ...given }: { outcome?: string; status: string }, isDecided) => {
    const approval = approvalWith({ policy: { ...letsThrough, outcome }, ...given } as never);
    expect(approval.policy).toMatchObject({ outcome });
    expect(decidingRule(approval)).toBe(isDecided ? approval.policy : null);
  });
});

describe('whoever comes too late', () => {
  it.each([
    [
      { status: 'rejected', resolved_by: 'eve', decisions: [decision('eve', 'rejected', 'No.')] },
      'eve rejected it: “No.”.',
    ],
    [{ status: 'approved', resolved_by: 'eve', decisions: [decision('eve')] }, 'eve approved it.'],
    [{ status: 'approved', resolved_by: null }, 'Someone approved it.'],
    [{ status: 'expired' }, 'No decision in time: the approval has expired.'],
    [{ status: 'cancelled' }, 'Its run is over, so nothing is left to decide.'],
  ] as const)('is told who decided and what', (given, words) => {
    expect(whoDecided(approvalWith(given as never))).toBe(words);
  });
});

describe('glass', () => {
  const dave = { subject: 'dave', groups: [] };
  const incident = [{ group: 'incident', members: ['dave', 'ana', 'erin'] }];
  const ops = [{ group: 'ops', count: 2, members: ['bob'] }];
  const named = approvalWith({ requested_by: 'ana', terms: terms({ approvers: ops, break_glass: incident }) });

  it('is broken by those whom the rules name, and never by who requested the call', () => {
    expect(mayBreakGlass(dave, named)).toBe(true);
    for (const subject of ['bob', 'ana']) expect(mayBreakGlass({ ...dave, subject }, named)).toBe(false);
    expect(mayBreakGlass(dave, { ...named, requested_by: null })).toBe(false);
    expect(mayBreakGlass(dave, { ...named, status: 'approved' })).toBe(false);
    expect(mayBreakGlass(dave, approvalWith({ requested_by: 'ana' }))).toBe(false);
  });

  it('is reviewed by somebody else whom the rules name', () => {
    const break_glass = { by: 'dave', at: now, group: 'incident', reason: 'Fire.' };
    const broken = { ...named, status: 'approved' as const, break_glass, review: 'open' as const };
    const reviewers = ['dave', 'ana', 'frank', 'bob', 'erin'].filter((subject) =>
      mayReview({ subject, groups: [] }, broken),
    );
    expect(reviewers).toEqual(['bob', 'erin']);
    expect(mayReview({ subject: 'bob', groups: [] }, { ...broken, review: 'closed' })).toBe(false);
  });
});

describe('a deputy', () => {
  const helpers = [{ group: 'helpers', members: ['dave', 'ana'] }];
  const ops = [{ group: 'ops', count: 2, members: ['bob', 'carol', 'ana'] }];
  const waiting = approvalWith({
    requested_by: 'ana',
    user_id: 'ana',
    terms: terms({ approvers: ops, deputies: helpers }),
  });
  const person = (subject: string, ...delegators: string[]) => ({
    subject,
    groups: [],
    standsInFor: delegators.map((delegator) => ({ delegator, approval_id: null as string | null })),
  });

  it('decides in the place of whoever named them, where the rules let them', () => {
    expect(placeFor(person('dave', 'bob'), waiting)).toBe('bob');
    expect(obstacleFor(person('dave', 'bob'), waiting)).toBeNull();
    expect(obstacleFor(person('dave'), waiting)).toMatch(/needs a member of ops/);
    for (const who of [person('erin', 'bob'), person('dave', 'ana'), person('dave', 'frank'), person('carol', 'bob')])
      expect(placeFor(who, waiting)).toBeNull();
    const other = { ...person('dave'), standsInFor: [{ delegator: 'bob', approval_id: 'another' }] };
    expect(placeFor(other, waiting)).toBeNull();
    expect(placeFor(person('dave', 'bob'), { ...waiting, decisions: [decision('bob')] })).toBeNull();
  });

  it('leaves nothing to approve to whom they stand in for', () => {
    const half = { ...waiting, decisions: [{ ...decision('dave'), on_behalf_of: 'bob' }] };
    expect(approvedInPlaceOf(bob, half)).toBe('dave');
    expect([isMine(half, { ...bob, mayDecide: true }), isMine(waiting, { ...bob, mayDecide: true })]).toEqual([
      false,
      true,
    ]);
    expect(approvedInPlaceOf({ subject: 'carol' }, half)).toBeUndefined();
  });
});
