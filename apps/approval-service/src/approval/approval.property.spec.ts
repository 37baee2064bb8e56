import { parseEventData, type NewEvent } from '@countersign/contracts';
import {
  Approval,
  DecisionKind,
  plainRequireTerms,
  type RequireTerms,
  type ResolutionData,
} from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import { callDigest } from '@countersign/contracts/calls';
import { after, millisOf } from '@countersign/contracts/time';
import { askersOf, quorum } from '@countersign/definitions/policy';
import { deepFreeze } from '@countersign/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as given from '../../test/approval.fixtures.js';
import { decideApproval } from './approval.js';
import type { ApprovalMessage } from './messages.js';
import { basis } from '../../test/grant.fixtures.js';
import { nextDue, type PolicyDecision } from './approval-request.js';

const members = ['bob', 'carol'];
const terms = fc.record<RequireTerms>({
  approvers: fc.constantFrom(
    [{ group: null, count: 1, members: null }],
    [{ group: null, count: 3, members: null }],
    [{ group: 'ops', count: 1, members }],
    [
      { group: 'ops', count: 1, members },
      { group: null, count: 1, members: null },
    ],
    [{ group: 'ops', count: 2, members: null }],
  ),
  four_eyes: fc.boolean(),
  on_rejection: fc.constantFrom('end', 'continue'),
  reason_required: fc.constantFrom<RequireTerms['reason_required']>([], ['reject']),
  allowed_decisions: fc.constantFrom(plainRequireTerms.allowed_decisions, DecisionKind.options),
  expires_in: fc.constantFrom(null, 20),
  remind_every: fc.constantFrom(null, 7),
  escalate_after: fc.constantFrom(null, 5),
  escalate_to: fc.constantFrom([], [{ group: 'leads', members: ['dave'] }]),
  break_glass: fc.constantFrom([], [{ group: 'incident', members: ['dave', 'ana'] }]),
  deputies: fc.constantFrom([], [{ group: 'helpers', members: ['erin', 'carol'] }]),
  grant: fc.constant(plainRequireTerms.grant),
});
const judgement = fc.constantFrom<Partial<PolicyDecision>>(
  {},
  {},
  { policy: given.ruled('require') },
  { policy: given.ruled('approve') },
  { policy: given.ruled('reject'), reason: 'Not on Fridays.' },
  { policy: given.ruled('require'), grant: basis },
);
const parameters = { type: 'object', properties: { service_name: { type: 'string' }, version: { type: 'string' } } };

const message = fc.oneof(
  fc.tuple(terms, judgement).map(([terms, judgement]) => given.required(terms, { parameters }, judgement)),
  fc.tuple(terms, judgement).map(([terms, judgement]) => given.inputRequired(terms, {}, judgement)),
  fc
    .tuple(
      fc.constantFrom('approved', 'approved', 'rejected'),
      fc.constantFrom('ana', 'bob', 'carol', 'dave', 'erin', null),
      fc.constantFrom<ResolutionData | null>(
        null,
        { values: given.values },
        { values: { ...given.values, replicas: 4 } },
        { values: { ...given.values, replicas: 0 } },
        { result: 'Done.' },
        { note: 'I looked.' },
        { tool_args: { service_name: 'auth-service', version: '2.1.1' } },
        { tool_args: { service_name: 'auth-service', version: 2 } },
      ),
      fc.constantFrom([], ['ops']),
      fc.subarray(['ana', 'bob', 'dave']),
    )
    .map(([verdict, by, data, groups, delegators]) => ({
      ...given.decided(verdict, by, data, groups),
      standsInFor: delegators.map((delegator) => ({ id: delegator, delegator, approval_id: null })),
    })),
  fc.constantFrom('ana', 'bob', 'dave', null).map((by) => given.broken(by)),
  fc.constantFrom('ana', 'bob', 'dave', null).map((by) => given.reviewed(by)),
  fc.constantFrom('comment-1', 'comment-2').map((id) => given.commented(id)),
  fc
    .tuple(fc.constantFrom('ana', 'bob', 'carol', 'dave', null), fc.constantFrom('question-1', 'question-2'))
    .map(([by, id]) => given.asked(by, id)),
  fc
    .tuple(fc.constantFrom('ana', 'bob', 'carol', 'dave', null), fc.constantFrom('question-1', 'question-2'))
    .map(([by, question_id]) => given.answered(by, { question_id })),
  fc.constantFrom<ApprovalMessage>(
    { type: 'due' },
    { type: 'removed' },
    given.audited,
    given.madeVoid,
    given.failedVoid,
    given.runCompleted,
    given.runFailed,
    given.runCancelled,
  ),
);

/** Whoever acts on a decision can tell that this is the call it was about. */
function checkEvent({ type, data }: NewEvent): void {
  parseEventData(type, data);
  if (type === 'approval.resolved') expect(callDigest(data)).toBe(data.digest);
}

function checkState(approval: Approval): void {
  Approval.parse(approval);
  const { status, decisions, resolved_at, due_at, policy, terms, user_id, escalated_at, created_at } = approval;
  expect(status === 'pending').toBe(resolved_at === null);
  if (status !== 'pending') expect(due_at).toBeNull();
  else expect(due_at).toBe(nextDue(approval));
  const isAutomatic = decisions.length === 0;
  if (status === 'approved')
    expect(
      isAutomatic ||
        approval.break_glass !== null ||
        quorum(terms, decisions, askersOf(approval), escalated_at !== null).met,
    ).toBe(true);
  const open = openQuestion(approval);
  if (status === 'pending')
    expect(quorum(terms, decisions, askersOf(approval), false)).toMatchObject({ met: false, refused: null });
  if (status === 'pending' && !open)
    expect(quorum(terms, decisions, askersOf(approval), escalated_at !== null).met).toBe(false);
  expect(open && decisions.some(({ by }) => by === open.by), 'who has decided waits for no answer').toBeFalsy();
  if (status === 'rejected')
    expect(policy?.outcome === 'reject' || decisions.some(({ verdict }) => verdict === 'rejected')).toBe(true);
  if (escalated_at !== null) expect(escalated_at).toBeGreaterThanOrEqual(created_at + terms.escalate_after!);
  const glass = approval.break_glass;
  const ordinary = decisions.filter(
    ({ by, at }, n) => !(n === decisions.length - 1 && glass?.by === by && glass.at === at),
  );
  const named = ordinary.map(({ by }) => by).filter((by) => by !== null);
  if (glass) expect(['ana', null], 'no requester breaks glass, with whatever eyes').not.toContain(glass.by);
  expect(glass === null, 'each broken glass has a review').toBe(approval.review === null);
  expect(approval.reviewed?.by === undefined || approval.reviewed.by !== glass!.by, 'by somebody else').toBe(true);
  expect(new Set(named).size, 'each person counts once').toBe(named.length);
  if (terms.four_eyes) expect(named, 'whoever asked does not decide').not.toContain(user_id);
}

describe('an approval, whatever arrives in whatever order and however often,', () => {
  it('is resolved once, says so once, and stays as it was decided', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.nat(8)), { maxLength: 30 }), fc.context(), (steps, context) => {
        let approval: Approval | undefined;
        let now = given.now;
        const emitted: NewEvent[] = [];
        for (const [received, pause] of steps) {
          now = after(now, millisOf(pause));
          context.log(JSON.stringify(received));
          deepFreeze([approval, received]);
          const transition = decideApproval(approval, received, now);
          expect(decideApproval(approval, received, now), 'the same decision').toEqual(transition);
          if (transition.kind !== 'changed') continue;
          transition.events.forEach(checkEvent);
          emitted.push(...transition.events);
          checkState(transition.state);
          if (approval && approval.status !== 'pending') {
            const { run_status, deleted_at, updated_at, comments, review, reviewed } = transition.state;
            const later = { run_status, deleted_at, updated_at, comments, review, reviewed };
            expect(transition.state).toEqual({ ...approval, ...later });
          }
          approval = transition.state;
        }
        const resolutions = emitted.filter(({ type }) => type === 'approval.resolved');
        const isResolved = approval !== undefined && approval.status !== 'pending';
        expect(resolutions).toMatchObject(isResolved ? [{ data: { status: approval!.status } }] : []);
      }),
      { numRuns: 500 },
    );
  });
});
