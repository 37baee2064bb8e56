import { describe, expect, it } from 'vitest';
import { groups, terms } from '../../../test/policy.fixtures.js';
import { mayDecide, quorum, type CastDecision } from './quorum.js';

const anybody = (count = 1) => ({ group: null, count, members: null });
const managers = (count = 1) => ({ group: 'managers', count, members: groups.managers });
const security = (count = 1) => ({ group: 'security', count, members: groups.security });
const leads = (count = 1) => ({ group: 'leads', count, members: null });

const approved = (...people: (string | null)[]): CastDecision[] => people.map((by) => ({ by, verdict: 'approved' }));
const rejected = (...people: (string | null)[]): CastDecision[] => people.map((by) => ({ by, verdict: 'rejected' }));

describe('a quorum', () => {
  it('is met by one approval when that is all it takes', () => {
    expect(quorum(terms(), [], ['ada'], false)).toEqual({
      approvals: 0,
      required: 1,
      met: false,
      missing: [{ group: null, count: 1 }],
      refused: null,
    });
    expect(quorum(terms(), approved('grace'), ['ada'], false)).toEqual({
      approvals: 1,
      required: 1,
      met: true,
      missing: [],
      refused: null,
    });
  });

  // Managers are ada, grace and edsger; security is grace and barbara.
  it.each<[string, object[], string[], object[]]>([
    ['of two counts a person once', [managers(2)], ['ada', 'ada'], [{ group: 'managers', count: 1 }]],
    ['counts members only', [managers(2)], ['ada', 'barbara'], [{ group: 'managers', count: 1 }]],
    ['takes all of its entries', [managers(), security()], ['ada', 'edsger'], [{ group: 'security', count: 1 }]],
    ['counts nobody for two entries', [managers(), security()], ['grace'], [{ group: 'security', count: 1 }]],
    ['counts a person where it helps', [managers(), security()], ['grace', 'ada'], []],
    ['counts a person where it helps, in any order', [security(), managers()], ['ada', 'grace'], []],
    ['moves one to make place for another', [managers(2), security()], ['grace', 'ada', 'barbara', 'edsger'], []],
    ['counts members as anybody', [anybody(), managers()], ['ada', 'edsger'], []],
    ['counts members as members first', [anybody(), managers()], ['ada'], [{ group: null, count: 1 }]],
    ['takes no more than it needs', [managers()], ['ada', 'grace', 'edsger'], []],
  ])('%s', (_, approvers, people, missing) => {
    const result = quorum(terms({ approvers: approvers as never }), approved(...people), ['rosa'], false);
    expect(result).toMatchObject({ missing, met: missing.length === 0, refused: null });
  });

  it('counts whose token has the group when nobody declares its members, and only then', () => {
    const by = (group: string): CastDecision[] => [{ by: 'linus', verdict: 'approved', groups: [group] }];
    expect(quorum(terms({ approvers: [leads()] }), by('leads'), ['rosa'], false).met).toBe(true);
    expect(quorum(terms({ approvers: [leads()] }), by('lead'), ['rosa'], false).met).toBe(false);
    expect(quorum(terms({ approvers: [managers()] }), by('managers'), ['rosa'], false).met).toBe(false);
  });

  it('does not count whoever asked for the call, unless two eyes are enough', () => {
    const two = terms({ approvers: [managers(2)] });
    expect(quorum(two, approved('ada', 'grace'), ['ada'], false)).toMatchObject({ approvals: 1, met: false });
    expect(quorum({ ...two, four_eyes: false }, approved('ada', 'grace'), ['ada'], false).met).toBe(true);
  });

  it('counts nobody when it is not known who asked, unless two eyes are enough', () => {
    expect(quorum(terms(), approved('grace'), null, false).met).toBe(false);
    expect(quorum(terms({ four_eyes: false }), approved('grace'), null, false).met).toBe(true);
  });

  it('counts those without a name as one person, in no group, and as whoever asked where that matters', () => {
    expect(quorum(terms({ approvers: [anybody(2)] }), approved(null, null), ['rosa'], false).met).toBe(false);
    expect(quorum(terms({ approvers: [leads()] }), approved(null), ['rosa'], true).met).toBe(false);
    expect(quorum(terms(), approved(null), ['ada'], false).met).toBe(false);
    expect(quorum(terms({ four_eyes: false }), approved(null), ['ada'], false).met).toBe(true);
  });

  it('counts members of further groups in place of any approver, once it is escalated', () => {
    const escalating = terms({
      approvers: [managers(), security()],
      escalate_after: 60,
      escalate_to: [leads(), { group: 'board', members: ['alan'] }],
    });
    const decisions: CastDecision[] = [{ by: 'linus', verdict: 'approved', groups: ['leads'] }, ...approved('alan')];
    expect(quorum(escalating, decisions, ['rosa'], false)).toMatchObject({ approvals: 0, met: false });
    expect(quorum(escalating, decisions, ['rosa'], true)).toMatchObject({ approvals: 2, met: true });
  });

  it('is refused by any rejection, before or after it would be met', () => {
    for (const decisions of [
      [...rejected('ada'), ...approved('grace')],
      [...approved('grace'), ...rejected('ada')],
    ])
      expect(quorum(terms(), decisions, ['rosa'], false)).toMatchObject({ met: false, refused: 'ada rejected it' });
    expect(quorum(terms(), rejected(null), ['rosa'], false).refused).toBe('it was rejected');
  });

  describe('that goes on after a rejection', () => {
    const continuing = terms({ approvers: [managers(2)], on_rejection: 'continue' });

    it('is met by others, and does not count whoever rejected', () => {
      const some = [...rejected('ada'), ...approved('grace')];
      expect(quorum(continuing, some, ['rosa'], false)).toMatchObject({ approvals: 1, refused: null });
      expect(quorum(continuing, [...some, ...approved('ada')], ['rosa'], false).met).toBe(false);
      expect(quorum(continuing, [...some, ...approved('edsger')], ['rosa'], false).met).toBe(true);
    });

    it('is refused once too few are left', () => {
      const refused = 'too few are left who could approve: it lacks 1 of managers';
      expect(quorum(continuing, rejected('ada', 'grace'), ['rosa'], false)).toMatchObject({ met: false, refused });
      expect(quorum(continuing, rejected('grace'), ['ada'], false).refused).toBe(refused);
    });

    it.each([
      ['anybody', { approvers: [anybody(2)] }],
      ['members whom nobody declares', { approvers: [leads(2)] }],
      ['those it escalates to', { escalate_after: 60, escalate_to: [{ group: 'board', members: ['alan'] }] }],
      ['those it escalates to, whoever they are', { escalate_after: 60, escalate_to: [leads()] }],
    ])('is not refused while %s could approve', (_, fields) => {
      expect(quorum({ ...continuing, ...fields }, rejected('ada', 'grace'), ['rosa'], false).refused).toBeNull();
    });
  });

  it('is refused from the start when whoever asked is one too many to do without', () => {
    const both = terms({ approvers: [{ group: 'pair', count: 2, members: ['ada', 'grace'] }] });
    expect(quorum(both, [], ['barbara'], false).refused).toBeNull();
    expect(quorum(both, [], ['ada'], false).refused).toBe('too few are left who could approve: it lacks 1 of pair');
  });

  it('of nothing is never met', () => {
    expect(quorum({ ...terms(), approvers: [] }, approved('ada'), ['rosa'], false).met).toBe(false);
  });
});

describe('who may decide', () => {
  const either = terms({ approvers: [managers(), leads()], escalate_after: 60, escalate_to: [security()] });
  const onlyMembers = 'only members of managers, leads decide on it';

  it.each<[string | null, string | null, string[], boolean, string | undefined]>([
    ['ada', null, [], false, 'the requester of the call is unknown, and must not decide on it'],
    ['ada', 'grace', [], false, undefined],
    ['ada', 'ada', [], false, 'the requester does not decide on the call'],
    ['linus', 'grace', ['leads'], false, undefined],
    ['linus', 'linus', ['leads'], true, 'the requester does not decide on the call'],
    ['linus', 'grace', ['managers', 'security'], false, onlyMembers],
    ['barbara', 'grace', [], false, onlyMembers],
    ['barbara', 'grace', [], true, undefined],
    ['linus', 'grace', ['security'], true, 'only members of managers, leads, security decide on it'],
    [null, 'ada', [], false, 'the requester does not decide on the call, so the approver must be identified'],
  ])('%s on a call of %s, with the groups %j, escalated: %s: %s', (subject, requester, groups, escalated, reason) => {
    expect(mayDecide(either, subject, requester === null ? null : [requester], groups, escalated)).toBe(reason);
  });

  it('is anybody but whoever asked when an entry says so', () => {
    const open = terms({ approvers: [managers(), anybody()] });
    expect(mayDecide(open, 'linus', ['ada'], [], false)).toBeUndefined();
    expect(mayDecide({ ...open, four_eyes: false }, null, null, [], false)).toBeUndefined();
    expect(mayDecide(open, 'ada', ['grace', 'ada'], [], false)).toBeDefined();
    expect(mayDecide({ ...open, four_eyes: false }, 'ada', ['ada'], [], false)).toBeUndefined();
  });
});
