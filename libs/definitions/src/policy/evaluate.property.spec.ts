import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, type PolicyResult, type PolicySet } from './evaluate.js';
import { askersOf, type Askers } from './quorum/askers.js';
import { holds } from './condition/call.js';
import type { Condition } from './condition/condition.js';
import { Rule } from './rules.js';
import { call, policies } from '../../test/policy.fixtures.js';
import { quorum, type CastDecision } from './quorum/quorum.js';

const predicate = fc.constantFrom<object[]>(
  { equals: 'x' },
  { not_equals: 'x' },
  { in: ['x', 'y'] },
  { not_in: ['y'] },
  { matches: '^x' },
  { exists: true },
  { exists: false },
  { greater_than: 1 },
  { contains: 'x' },
);
const path = fc.constantFrom('a', 'b', 'a.b');
const { condition } = fc.letrec<{ condition: object }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.tuple(path, predicate).map(([path, predicate]) => ({ arguments: { [path]: predicate } })),
    fc.constantFrom<object[]>({ tool: ['deploy'] }, { agent: ['support'] }, { requester: ['ada'] }),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('condition').map((not) => ({ not })),
  ),
}));

const require = fc
  .record({
    approvers: fc.uniqueArray(
      fc.oneof(
        fc.record({ group: fc.constantFrom('managers', 'security', 'leads'), count: fc.integer({ min: 1, max: 2 }) }),
        fc.record({ anyone: fc.constant(true), count: fc.integer({ min: 1, max: 3 }) }),
      ),
      { minLength: 1, maxLength: 3, selector: (entry) => ('group' in entry ? entry.group : 'anyone') },
    ),
    four_eyes: fc.boolean(),
    on_rejection: fc.constantFrom('end', 'continue'),
  })
  .map((require) => ({ require }));
const then = fc.oneof(require, fc.constant({ approve: true }), fc.constant({ reject: 'No.' }));
const rule = fc.record({ when: condition, then });
const rules = fc
  .array(rule, { maxLength: 6 })
  .map((rules) => rules.map((rule, n): Rule => Rule.parse({ name: `r${n}`, ...rule })));
const set = fc.tuple(rules, then).map(([rules, other]): PolicySet => ({ ...policies([], other), rules }));

const value = fc.constantFrom<unknown[]>('x', 'y', '', 0, 2, true, null, ['x'], [['x']], { b: 'x' }, { b: 1 }, {});
const aCall = fc
  .record({
    user_id: fc.constantFrom('ada', 'edsger', null),
    requested_by: fc.constantFrom('ada', 'grace', null),
    arguments: fc.dictionary(fc.constantFrom('a', 'b'), value),
    approval_type: fc.constantFrom('required' as const, 'audit' as const),
  })
  .map(call);

const decisions = fc.array(
  fc.record({
    by: fc.constantFrom('ada', 'grace', 'edsger', 'barbara', 'linus', null),
    verdict: fc.constantFrom<CastDecision['verdict'][]>('approved', 'approved', 'approved', 'rejected'),
    groups: fc.subarray(['leads', 'managers']),
  }),
  { maxLength: 8 },
);
const given = { set, call: aCall, decisions, escalated: fc.boolean() };

const rank = { approve: 0, require: 1, reject: 2 };
/** What the decisions make of the call. */
const isLetThrough = ({ outcome, terms }: PolicyResult, cast: CastDecision[], askers: Askers): boolean =>
  outcome === 'approve' || (terms !== null && quorum(terms, cast, askers, false).met);

/** The rule as it would be if the open question had that answer. */
const always: Condition = {};
const never: Condition = { agent: ['nobody'] };

describe('whatever the rules and the call', () => {
  it('the first rule that matches counts, and the rules after it change nothing', () => {
    fc.assert(
      fc.property(set, rules, aCall, (set, more, call) => {
        const first = set.rules.findIndex(({ when }) => holds(when, call) === true);
        fc.pre(first >= 0);
        const until = { ...set, rules: set.rules.slice(0, first + 1) };
        expect(evaluate({ ...until, rules: [...until.rules, ...more] }, call)).toEqual(evaluate(until, call));
        if (set.rules.slice(0, first).every(({ when }) => holds(when, call) === false))
          expect(evaluate(set, call).rule).toBe(set.rules[first]!.name);
      }),
    );
  });

  it('rules that do not match change nothing', () => {
    fc.assert(
      fc.property(set, aCall, (set, call) => {
        const matching = set.rules.filter(({ when }) => holds(when, call) !== false);
        expect(evaluate({ ...set, rules: matching }, call)).toEqual(evaluate(set, call));
      }),
    );
  });

  it('nothing is approved but by a rule that certainly matches, the default, or the audit of the tool', () => {
    fc.assert(
      fc.property(set, aCall, (set, call) => {
        const { outcome, rule } = evaluate(set, call);
        fc.pre(outcome === 'approve');
        const decider = set.rules.find(({ name }) => name === rule);
        if (decider) expect(holds(decider.when, call)).toBe(true);
        else expect(call.approval_type === 'audit' || 'approve' in set.default).toBe(true);
      }),
    );
  });

  it('the outcome is never more lenient than if each open question had been answered, either way', () => {
    fc.assert(
      fc.property(fc.record(given), fc.infiniteStream(fc.boolean()), ({ set, call, decisions }, answers) => {
        const settled = set.rules.map((rule) => {
          const matches = holds(rule.when, call);
          const answer = matches === 'unknown' ? answers.next().value : matches;
          return { ...rule, when: answer ? always : never };
        });
        const actual = evaluate(set, call);
        const answered = evaluate({ ...set, rules: settled }, call);
        expect(rank[actual.outcome]).toBeGreaterThanOrEqual(rank[answered.outcome]);
        if (isLetThrough(actual, decisions, askersOf(call)))
          expect(isLetThrough(answered, decisions, askersOf(call))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('an evaluation that fails lets nothing through for which too few approved', () => {
    const broken = { name: 'broken', when: { arguments: { c: { matches: '(' } } }, then: { approve: true as const } };
    fc.assert(
      fc.property(fc.record(given), ({ set, call, decisions }) => {
        const failed = evaluate(
          { ...set, rules: [broken, ...set.rules] },
          { ...call, arguments: { ...call.arguments, c: 'x' } },
        );
        expect(failed).toMatchObject({ rule: null, outcome: 'require', reason: expect.stringContaining('Invalid') });
        const sound = evaluate(set, call);
        if (sound.outcome === 'require' && isLetThrough(failed, decisions, askersOf(call)))
          expect(isLetThrough(sound, decisions, askersOf(call))).toBe(true);
      }),
    );
  });
});

describe('whatever the decisions', () => {
  const requiring = fc.record({ ...given, set: require.map((then) => policies([], then)) });
  const counted = (
    by: (given: {
      terms: NonNullable<PolicyResult['terms']>;
      askers: Askers;
      cast: CastDecision[];
      escalated: boolean;
    }) => void,
  ) =>
    fc.assert(
      fc.property(requiring, ({ set, call, decisions: cast, escalated }) => {
        const { terms } = evaluate(set, { ...call, approval_type: 'required' });
        by({ terms: terms!, askers: askersOf(call), cast, escalated });
      }),
      { numRuns: 500 },
    );

  it('nobody counts twice, and saying it again changes nothing', () => {
    counted(({ terms, askers, cast, escalated }) => {
      const once = quorum(terms, cast, askers, escalated);
      const approvers = new Set(cast.filter(({ verdict }) => verdict === 'approved').map(({ by }) => by));
      expect(once.approvals).toBeLessThanOrEqual(approvers.size);
      expect(quorum(terms, [...cast, ...cast], askers, escalated)).toEqual(once);
    });
  });

  it('with four eyes, what the requester approves or somebody without a name changes nothing', () => {
    counted(({ terms, cast, escalated }) => {
      const others = cast.filter(({ by, verdict }) => verdict === 'rejected' || (by !== 'ada' && by !== null));
      const strict = { ...terms, four_eyes: true };
      expect(quorum(strict, cast, ['ada'], escalated)).toEqual(quorum(strict, others, ['ada'], escalated));
    });
  });

  it('what counts and what is missing make up what is required', () => {
    counted(({ terms, askers, cast, escalated }) => {
      const { approvals, required, missing, met, refused } = quorum(terms, cast, askers, escalated);
      expect(approvals + missing.reduce((sum, { count }) => sum + count, 0)).toBe(required);
      expect(met).toBe(missing.length === 0 && refused === null);
    });
  });

  it('the order of the approvals does not matter', () => {
    counted(({ terms, askers, cast, escalated }) => {
      const once = [...new Map(cast.map((decision) => [decision.by, decision])).values()];
      const [one, other] = [once, once.toReversed()].map((each) => quorum(terms, each, askers, escalated));
      expect({ ...one, refused: null }).toEqual({ ...other, refused: null });
    });
  });

  it('another approval is never a loss', () => {
    counted(({ terms, askers, cast, escalated }) => {
      const more: CastDecision[] = [...cast, { by: 'alan', verdict: 'approved', groups: ['leads'] }];
      const [before, after] = [cast, more].map((each) => quorum(terms, each, askers, escalated));
      expect(after!.approvals).toBeGreaterThanOrEqual(before!.approvals);
      expect(after!.met || !before!.met).toBe(true);
    });
  });

  it('as many count as the best assignment of people to entries allows', () => {
    counted(({ terms, askers, cast, escalated }) => {
      const { approvals } = quorum({ ...terms, on_rejection: 'continue' }, cast, askers, escalated);
      expect(approvals).toBe(best(terms, eligible(terms, cast, askers)));
    });
  });
});

type Terms = NonNullable<PolicyResult['terms']>;

const eligible = ({ four_eyes }: Terms, cast: CastDecision[], askers: Askers): CastDecision[] => {
  const rejecters = cast.filter(({ verdict }) => verdict === 'rejected').map(({ by }) => by);
  return cast.filter(({ by, verdict }, n) => {
    const isFirst = cast.findIndex((other) => other.by === by && other.verdict === 'approved') === n;
    const isRequester = four_eyes && (askers === null || by === null || askers.includes(by));
    return verdict === 'approved' && isFirst && !rejecters.includes(by) && !isRequester;
  });
};

/** Tries every entry, and none, for everybody. */
function best({ approvers }: Pick<Terms, 'approvers'>, people: CastDecision[]): number {
  const [person, ...others] = people;
  if (!person) return 0;
  const { by, groups = [] } = person;
  const placed = approvers.flatMap(({ group, members, count }, n) => {
    const fits = group === null || (by !== null && (members?.includes(by) ?? groups.includes(group)));
    if (!fits || count === 0) return [];
    return [1 + best({ approvers: approvers.with(n, { group, members, count: count - 1 }) }, others)];
  });
  return Math.max(best({ approvers }, others), ...placed);
}
