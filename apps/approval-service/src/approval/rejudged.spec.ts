import { parseEventData } from '@countersign/contracts';
import {
  Approval,
  approvalDigest,
  DecisionKind,
  type RequireTerms,
  type ResolutionData,
} from '@countersign/contracts/approvals';
import { after, toEpochMillis } from '@countersign/contracts/time';
import { askersOf, quorum } from '@countersign/definitions/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as given from '../../test/approval.fixtures.js';
import { decideApproval } from './approval.js';
import type { ApprovalMessage } from './messages.js';
import { rulesWith } from '../../test/definitions.fixtures.js';
import { rulingOf, type Rules } from '../policy/rules.js';

const { now, nowSeconds, approvalAfter, required, decided } = given;
const parameters = { type: 'object' };
const version = (version: string) => ({ service_name: 'auth-service', version });
const when = (equals: string) => ({ arguments: { version: { equals } } });
const ofVersion = (equals: string, then: object) => rulesWith([{ name: equals, when: when(equals), then }]);
const two = { approvers: [{ anyone: true, count: 2 }] };

const asked = (terms: Partial<RequireTerms> = {}) =>
  approvalAfter(required({ allowed_decisions: DecisionKind.options, ...terms }, { parameters }));
const by = (rules: Rules, message: ReturnType<typeof decided>): ApprovalMessage => ({ ...message, rules });
const told = (approval: Approval, message: ApprovalMessage, at = now) => {
  const transition = decideApproval(approval, message, at);
  if (transition.kind === 'changed') transition.events.forEach(({ type, data }) => parseEventData(type, data));
  return transition;
};
const changed = (approval: Approval, message: ApprovalMessage, at = now) => {
  const transition = told(approval, message, at);
  if (transition.kind !== 'changed') throw new Error(`${transition.kind}: ${transition.reason}`);
  return transition;
};
const rejudge = (rules: Rules): ApprovalMessage => ({ type: 'rejudged', rules });

describe('arguments that were edited', () => {
  const edited = decided('approved', 'bob', { tool_args: version('6.6.6') });
  const under = (then: object) => by({ ...ofVersion('6.6.6', then), version: given.rules.version }, edited);

  it('fall under the rules like those of any call, which may reject them', () => {
    expect(told(asked(), under({ reject: 'Frozen.' }))).toMatchObject({
      kind: 'rejected',
      code: 'rejected_by_rule',
      reason: expect.stringMatching(/the rule "6.6.6".*Frozen/),
    });
  });

  it.each<[string, object]>([
    ['more people', two],
    ['somebody of a group', { approvers: [{ group: 'ops' }] }],
    ['a reason', { reason: ['approve'] }],
    ['a sooner decision', { expires_in: '1m' }],
  ])('are refused where a rule asks for %s', (_, require) => {
    expect(told(asked(), under({ require }))).toMatchObject({ kind: 'rejected', code: 'stricter_rule' });
  });

  it('are approved where the rules ask for nothing more, whether or not they allow to edit these', () => {
    expect(changed(asked(), under({ require: {} })).state.status).toBe('approved');
    expect(changed(asked(), under({ approve: true })).state.status).toBe('approved');
    const strict = asked(given.approvalsOfAnybody(2));
    expect(changed(strict, under({ require: two })).state).toMatchObject({ status: 'pending' });
  });

  it('are judged with what a person fills in, and so are values alone', () => {
    const input = approvalAfter(given.inputRequired({}, {}, {}));
    const rules = rulesWith([
      { name: 'many', when: { arguments: { replicas: { at_least: 3 } } }, then: { reject: 'No.' } },
    ]);
    const fill = by({ ...rules, version: given.rules.version }, decided('approved', 'bob', { values: given.values }));
    expect(told(input, fill)).toMatchObject({ kind: 'rejected', code: 'rejected_by_rule' });
  });
});

describe('other rules, while an approval waits,', () => {
  it('change nothing but that they are known, where they ask for nothing more', () => {
    const approval = asked();
    const rules = rulesWith([], { approve: true });
    const other = { ...rules, version: 'other' };
    const { state, events } = changed(approval, rejudge(other));
    expect(state).toEqual({ ...approval, rules_version: 'other' });
    expect(events).toEqual([]);
    expect(told(state, rejudge(other))).toEqual({ kind: 'ignored', reason: 'these rules are known' });
  });

  it('hold from then on where they are stricter, counted from when it was asked for, and are published', () => {
    const rules = ofVersion('2.1.0', {
      require: { ...two, expires_in: '1h', remind_after: '10s', allow: ['approve', 'reject'], reason: ['reject'] },
    });
    const { state, events } = changed(asked(), rejudge(rules), after(now, 15_000));
    expect(Approval.parse(state)).toEqual(state);
    expect(state).toMatchObject({
      status: 'pending',
      required_approvals: 2,
      allowed_decisions: ['approve', 'reject'],
      expires_at: nowSeconds + 3_600,
      remind_at: nowSeconds + 20,
      due_at: toEpochMillis(after(nowSeconds, 20)),
      policy: { rule: '2.1.0', version: rules.version },
    });
    expect(state.digest).toBe(approvalDigest(state));
    expect(events).toMatchObject([
      { type: 'approval.rejudged', data: { required_approvals: 2, policy: state.policy } },
    ]);
  });

  it('are no other call than the one that was seen, if they come with the decision itself', () => {
    const rules = ofVersion('2.1.0', { require: { ...two, expires_in: '1h' } });
    const on = (approval: Approval, by: string) => ({
      ...decided('approved', by, null, [], approval.digest),
      rules,
    });
    const { state } = changed(asked(), on(asked(), 'bob'));
    expect(state).toMatchObject({ status: 'pending', required_approvals: 2, digest: approvalDigest(state) });
    expect(told(state, on(asked(), 'carol'))).toMatchObject({ kind: 'rejected', code: 'call_changed' });
    expect(changed(state, on(state, 'carol')).state.status).toBe('approved');
  });

  it('hold together with those before where neither are the stricter', () => {
    const security = { group: 'security', count: 1, members: ['eve'] };
    const rules = ofVersion('2.1.0', { require: { approvers: [{ group: 'ops' }] } });
    const { state } = changed(asked({ approvers: [security] }), rejudge(rules));
    expect(state.terms.approvers).toMatchObject([security, { group: 'ops', count: 1 }]);
    expect(state.required_approvals).toBe(2);
  });

  it('reject what they reject, also when it was edited before they came', () => {
    const rules = ofVersion('6.6.6', { reject: 'Frozen.' });
    const half = changed(
      asked(given.approvalsOfAnybody(2)),
      decided('approved', 'bob', { tool_args: version('6.6.6') }),
    );
    const { state, events } = changed(half.state, rejudge(rules));
    expect(state).toMatchObject({ status: 'rejected', resolved_by: null });
    expect(events).toMatchObject([{ data: { automatic: true, status: 'rejected' } }]);
    expect(state.resolution_data!.note).toMatch(/the rule "6.6.6" rejects this: Frozen/);
  });

  it('hold for a decision that comes before the service has got to it', () => {
    const approval = asked();
    const stricter = ofVersion('2.1.0', { require: two });
    const half = changed(approval, by(stricter, decided('approved', 'bob')));
    expect(half.state).toMatchObject({ status: 'pending', required_approvals: 2, rules_version: stricter.version });
    expect(half.events.map(({ type }) => type)).toEqual(['approval.rejudged', 'approval.decision_recorded']);
    expect(changed(half.state, by(stricter, decided('approved', 'carol'))).state.status).toBe('approved');
    const out = changed(
      approval,
      by(ofVersion('2.1.0', { reject: 'Frozen.' }), decided('approved', 'bob', { result: 'Done.' })),
    );
    expect(out.state).toMatchObject({ status: 'rejected', decisions: [] });
  });

  it('do not count those who decided as they must not decide any more', () => {
    const half = changed(asked(given.approvalsOfAnybody(2)), decided('approved', 'dave')).state;
    const ops = ofVersion('2.1.0', { require: { approvers: [{ group: 'ops' }, { anyone: true }] } });
    const carol = changed(half, by(ops, decided('approved', 'carol'))).state;
    expect(carol.status).toBe('approved');
    const reasons = ofVersion('2.1.0', { require: { ...two, reason: ['approve'] } });
    const explained = decided('approved', 'carol', { note: 'I looked.' });
    expect(changed(half, by(reasons, explained)).state.status).toBe('pending');
  });

  it('let those decide again whose approval counts no more, and count each of them once', () => {
    const half = changed(asked(given.approvalsOfAnybody(2)), decided('approved', 'dave')).state;
    const reasons = ofVersion('2.1.0', { require: { ...two, reason: ['approve'] } });
    const explained = (who: string) => by(reasons, decided('approved', who, { note: 'I looked.' }));
    expect(told(half, by(reasons, decided('approved', 'dave')))).toMatchObject({
      kind: 'rejected',
      code: 'reason_required',
    });
    const again = changed(half, explained('dave'));
    expect(again.state).toMatchObject({ status: 'pending', decisions: [{ by: 'dave' }, { by: 'dave' }] });
    expect(again.events.at(-1)).toMatchObject({ data: { approvals: 1, required_approvals: 2 } });
    expect(told(again.state, explained('dave'))).toMatchObject({ reason: expect.stringMatching(/counts once/) });
    expect(changed(again.state, explained('carol')).state.status).toBe('approved');
    expect(changed(half, by(reasons, decided('rejected', 'dave'))).state.status).toBe('rejected');
  });

  it('let somebody decide again whose token has the group by now that they ask for', () => {
    const half = changed(asked(given.approvalsOfAnybody(2)), decided('approved', 'dave')).state;
    const leads = ofVersion('2.1.0', { require: { approvers: [{ group: 'leads', count: 2 }] } });
    const asLead = (who: string) => by(leads, decided('approved', who, null, ['leads']));
    const again = changed(half, asLead('dave')).state;
    expect(told(again, asLead('dave')).kind).toBe('rejected');
    expect(changed(again, asLead('carol')).state.status).toBe('approved');
  });

  it('do not let the same person approve something else than before', () => {
    const half = changed(asked(given.approvalsOfAnybody(2)), decided('approved', 'dave')).state;
    const reasons = ofVersion('2.1.0', {
      require: { ...two, reason: ['approve'], allow: DecisionKind.options },
    });
    const other = decided('approved', 'dave', { note: 'I looked.', tool_args: version('6.6.6') });
    expect(told(half, by(reasons, other))).toMatchObject({ reason: expect.stringMatching(/approve the same/) });
  });

  it('end what too few are left for', () => {
    const terms = { ...given.approvalsOfAnybody(2), on_rejection: 'continue' as const };
    const half = changed(asked(terms), decided('rejected', 'dave')).state;
    const { state } = changed(half, rejudge(ofVersion('2.1.0', { require: two })));
    expect(state).toMatchObject({ status: 'rejected', resolution_data: { note: 'dave rejected it' } });
  });

  describe('when others have approved already,', () => {
    const ops = { group: 'ops', count: 1, members: ['bob'] };
    const anybody = { group: null, count: 1, members: null };
    const standIns = { escalate_after: 60, escalate_to: [{ group: 'leads', members: ['erin'] }] };
    const by = (data: ResolutionData | null, terms: Partial<RequireTerms> = {}) =>
      changed(
        changed(asked({ approvers: [ops, anybody], ...standIns, ...terms }), decided('approved', 'dave', data)).state,
        decided('approved', 'erin', data),
      ).state;
    const allowed = (...kinds: DecisionKind[]) => ofVersion('2.1.0', { require: { ...two, allow: kinds } });

    it.each<[string, ResolutionData, RegExp]>([
      ['other arguments', { tool_args: version('6.6.6') }, /approve other arguments/],
      ['that it was done by hand', { result: 'Done.' }, /done by hand/],
      ['a grant', { grant: { expires_in: 60 } }, /calls to come/],
    ])('end what they approved when it is no more allowed: %s', (_, data, reason) => {
      const half = by(data);
      const { state, events } = changed(half, rejudge(allowed('approve', 'reject')));
      expect(state).toMatchObject({
        status: 'rejected',
        resolved_by: null,
        resolution_data: { code: 'rejected_by_rule' },
      });
      expect(state.resolution_data!.note).toMatch(reason);
      expect(events.map(({ type }) => type)).toEqual(['approval.rejudged', 'approval.resolved']);
      expect(changed(by(null), rejudge(allowed('approve', 'reject'))).state.status).toBe('pending');
      expect(changed(half, rejudge(allowed(...DecisionKind.options))).state.status).toBe('pending');
    });

    it('end a grant that goes further than they allow by now', () => {
      const shorter = { ...two, allow: DecisionKind.options, grant: { max_duration: '1m' } };
      const { state } = changed(by({ grant: { expires_in: 61 } }), rejudge(ofVersion('2.1.0', { require: shorter })));
      expect(state).toMatchObject({
        status: 'rejected',
        resolution_data: { note: expect.stringMatching(/at most 60/) },
      });
    });

    it.each<[string, ResolutionData | null, string]>([
      ['not', { result: 'Done.' }, 'rejected'],
      ['not', { tool_args: version('2.1.1') }, 'rejected'],
      ['not', { grant: { expires_in: 60 } }, 'rejected'],
      ['still', null, 'approved'],
    ])('are %s passed by an escalation: %j', (_, data, status) => {
      const tightened = { ...by(data), allowed_decisions: ['approve', 'reject'] as DecisionKind[] };
      const { state, events } = changed(tightened, { type: 'due' }, after(now, 60_000));
      expect(state.status).toBe(status);
      expect(events.map(({ type }) => type)).toEqual(['approval.escalated', 'approval.resolved']);
    });

    it('are not passed by an escalation with values that nobody may fill in any more', () => {
      const terms = { approvers: [ops, anybody], ...standIns, allowed_decisions: DecisionKind.options };
      const fill = (by: string) => decided('approved', by, { values: given.values });
      const half = approvalAfter(given.inputRequired(terms), fill('dave'), fill('erin'));
      const at = (allowed_decisions: DecisionKind[]) =>
        changed({ ...half, allowed_decisions }, { type: 'due' }, after(now, 60_000)).state;
      expect(at(['approve', 'edit'])).toMatchObject({ status: 'rejected' });
      expect(at(['approve', 'values'])).toMatchObject({ status: 'approved' });
    });
  });

  it('are none of its business once it is resolved', () => {
    const approved = changed(asked(), decided('approved', 'bob')).state;
    expect(told(approved, rejudge(ofVersion('2.1.0', { reject: 'Frozen.' }))).kind).toBe('ignored');
  });

  it('take back an escalation that is not due by them', () => {
    const leads = { group: 'leads', members: ['erin'] };
    const escalating = asked({ escalate_after: 5, escalate_to: [leads] });
    const escalated = changed(escalating, { type: 'due' }, after(now, 5_000)).state;
    const { state } = changed(escalated, rejudge(ofVersion('2.1.0', { require: two })), after(now, 6_000));
    expect(state).toMatchObject({ escalated_at: null, escalate_at: null });
  });
});

describe('whatever is edited, and whatever rules come and go,', () => {
  const approvers = fc.constantFrom<object[]>(
    [{ anyone: true }],
    [{ anyone: true, count: 2 }],
    [{ group: 'ops' }],
    [{ group: 'ops' }, { anyone: true }],
  );
  const then = fc.oneof(
    fc.constantFrom<object>({ approve: true }, { reject: 'No.' }),
    fc
      .record({ approvers, four_eyes: fc.boolean(), on_rejection: fc.constantFrom('end', 'continue') })
      .map((require) => ({
        require: { ...require, allow: ['approve', 'reject', 'edit', 'result'] },
      })),
  );
  const someRules = fc.tuple(then, then, then).map(([a, b, other]) =>
    rulesWith(
      [
        { name: 'a', when: when('a'), then: a },
        { name: 'b', when: when('b'), then: b },
      ],
      other,
    ),
  );
  const rules = fc.constantFrom(...fc.sample(someRules, { numRuns: 40, seed: 7 }));
  const step = fc.oneof(
    rules.map(rejudge),
    fc
      .tuple(
        rules,
        fc.constantFrom('ana', 'bob', 'carol', 'dave', 'erin', null),
        fc.constantFrom('approved', 'approved', 'approved', 'rejected'),
        fc.constantFrom(undefined, version('a'), version('b'), version('c')),
      )
      .map(([rules, who, verdict, tool_args]) => by(rules, decided(verdict, who, tool_args ? { tool_args } : null))),
  );

  it('what is approved is approved as it had to be, had it been asked for that way', () => {
    const one = fc.record({ rules, args: fc.constantFrom('a', 'b', 'c'), steps: fc.array(step, { maxLength: 12 }) });
    fc.assert(
      fc.property(one, ({ rules, args, steps }) => {
        const judgement = rulingOf(
          rules,
          { ...required().event.data, requirements: [], approval_type: 'required' },
          version(args),
        );
        const message = given.required(
          {},
          { parameters, tool_args: version(args) },
          { ...judgement, rules_version: rules.version },
        );
        message.event = given.requestFor({ ...message.event.data });
        let approval = approvalAfter(message);
        const held = [{ rules, ran: approval.tool_args }];
        for (const received of steps) {
          if (approval.status !== 'pending') break;
          const transition = told(approval, received);
          if (transition.kind !== 'changed') continue;
          approval = transition.state;
          const { rules } = received as { rules: Rules };
          held.push({ rules, ran: approval.tool_args }, { rules, ran: approval.approved_args ?? approval.tool_args });
        }
        if (approval.status !== 'approved' || approval.decisions.length === 0) return;
        for (const { rules, ran } of held) {
          const { policy, terms } = rulingOf(rules, { ...approval, approval_type: 'required' }, ran);
          expect(policy.outcome).not.toBe('reject');
          if (policy.outcome === 'require')
            expect(quorum(terms, approval.decisions, askersOf(approval), false).met).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
