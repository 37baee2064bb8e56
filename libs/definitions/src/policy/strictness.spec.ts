import { DecisionKind, type RequireTerms } from '@countersign/contracts/approvals';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { terms } from '../../test/policy.fixtures.js';
import { quorum, type CastDecision } from './quorum/quorum.js';
import { isAtMostAsStrict } from './strictness.js';
import { strictest } from './terms.js';

const members = fc.option(fc.subarray(['ada', 'grace', 'edsger', 'barbara'], { minLength: 1 }));
const named = fc.record({ group: fc.constantFrom('managers', 'security'), members });
const approver = fc.oneof(
  fc.tuple(named, fc.integer({ min: 1, max: 2 })).map(([group, count]) => ({ ...group, count })),
  fc.integer({ min: 1, max: 3 }).map((count) => ({ group: null, members: null, count })),
);
const anyTerms = fc
  .record<Partial<RequireTerms>>({
    approvers: fc.uniqueArray(approver, { minLength: 1, maxLength: 3, selector: ({ group }) => group }),
    four_eyes: fc.boolean(),
    on_rejection: fc.constantFrom('end', 'continue'),
    reason_required: fc.subarray(['approve', 'reject'] as const),
    allowed_decisions: fc.subarray([...DecisionKind.options]),
    expires_in: fc.constantFrom(null, 60, 120),
    escalate_after: fc.constantFrom(null, null, 5, 10),
    escalate_to: fc.array(named, { maxLength: 2 }),
    break_glass: fc.array(named, { maxLength: 2 }),
    deputies: fc.array(named, { maxLength: 2 }),
    grant: fc.record({
      max_duration: fc.constantFrom(60, 120),
      max_uses: fc.constantFrom(1, 10),
      arguments: fc.constantFrom('exact' as const, 'chosen' as const),
    }),
  })
  .map(terms);
const decisions = fc.array(
  fc.record<CastDecision>({
    by: fc.constantFrom('ada', 'grace', 'edsger', 'barbara', 'linus', null),
    verdict: fc.constantFrom('approved', 'approved', 'approved', 'rejected'),
    groups: fc.subarray(['managers', 'security']),
    on_behalf_of: fc.constantFrom(null, null, 'ada', 'grace'),
  }),
  { maxLength: 8 },
);
/** Few differ at random, so one is often the other with a change. */
const pairs = fc.oneof(
  fc.tuple(anyTerms, anyTerms),
  fc.tuple(anyTerms, anyTerms).map(([one, other]): [RequireTerms, RequireTerms] => [one, strictest([one, other])]),
);

describe('terms that are at most as strict as others', () => {
  it('are met by whatever meets the others', () => {
    fc.assert(
      fc.property(pairs, decisions, fc.boolean(), ([now, then], cast, escalated) => {
        fc.pre(isAtMostAsStrict(now, then));
        if (!quorum(then, cast, ['ada'], escalated).met) return;
        expect(quorum(now, cast, ['ada'], escalated && now.escalate_after !== null).met).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('are so of themselves, of all that are stricter than those, and of any that are combined with others', () => {
    fc.assert(
      fc.property(anyTerms, anyTerms, anyTerms, (a, b, c) => {
        expect(isAtMostAsStrict(a, a)).toBe(true);
        if (isAtMostAsStrict(a, b) && isAtMostAsStrict(b, c)) expect(isAtMostAsStrict(a, c)).toBe(true);
        const both = strictest([a, b]);
        expect(isAtMostAsStrict(a, both)).toBe(true);
        expect(isAtMostAsStrict(b, both)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  const managers = { group: 'managers', count: 1, members: ['ada', 'grace'] };
  const anybody = { group: null, count: 1, members: null };
  it.each<[string, Partial<RequireTerms>, Partial<RequireTerms>]>([
    ['another person', { approvers: [{ ...anybody, count: 2 }] }, {}],
    ['somebody of a group', { approvers: [managers] }, {}],
    ['one who is left in a group', { approvers: [{ ...managers, members: ['ada'] }] }, { approvers: [managers] }],
    ['one of a list, not by token', { approvers: [managers] }, { approvers: [{ ...managers, members: null }] }],
    ['four eyes', { four_eyes: true }, { four_eyes: false }],
    ['nobody against it', { on_rejection: 'end' }, { on_rejection: 'continue' }],
    ['a reason', { reason_required: ['approve'] }, {}],
    ['a sooner decision', { expires_in: 60 }, { expires_in: 120 }],
    ['a decision in time', { expires_in: 60 }, {}],
    ['no editing', {}, { allowed_decisions: ['approve', 'edit'] }],
    ['nobody to stand in', {}, { escalate_after: 5, escalate_to: [managers] }],
    ['no deputies', {}, { deputies: [managers] }],
    ['nobody who breaks glass', {}, { break_glass: [managers] }],
    ['others who break glass', { break_glass: [{ ...managers, members: ['ada'] }] }, { break_glass: [managers] }],
    [
      'shorter grants',
      { allowed_decisions: ['grant'], grant: { max_duration: 60, max_uses: 10, arguments: 'exact' } },
      { allowed_decisions: ['grant'] },
    ],
    ['more than can be compared', { approvers: [managers] }, { approvers: [{ ...managers, count: 201 }] }],
  ])('do not ask for %s', (_, now, then) => {
    expect(isAtMostAsStrict(terms(now), terms(then))).toBe(false);
  });

  it.each<[string, Partial<RequireTerms>, Partial<RequireTerms>]>([
    ['fewer people', {}, { approvers: [{ ...anybody, count: 2 }] }],
    ['anybody, where one of a group was asked', {}, { approvers: [managers] }],
    ['deputies', { deputies: [managers] }, {}],
    ['somebody who breaks glass', { break_glass: [managers] }, {}],
    ['one more in a group', { approvers: [managers] }, { approvers: [{ ...managers, members: ['ada'] }] }],
    ['reminders', { remind_every: 5 }, { remind_every: 60 }],
  ])('may have %s', (_, now, then) => {
    expect(isAtMostAsStrict(terms(now), terms(then))).toBe(true);
  });
});
