import { Approval, callDigest, parseEventData, type NewEvent, type ResolutionData } from '@countersign/contracts';
import { deepFreeze } from '@countersign/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as given from './approval.given.js';
import { decideApproval, type ApprovalMessage } from './approval.js';

const message = fc.oneof(
  fc
    .record({ required_approvals: fc.integer({ min: 1, max: 3 }), expires_in: fc.constantFrom(null, 20) })
    .map(given.required),
  fc
    .record({ required_approvals: fc.integer({ min: 1, max: 3 }), expires_in: fc.constantFrom(null, 20) })
    .map((terms) => given.inputRequired(terms)),
  fc
    .tuple(
      fc.constantFrom('approved', 'approved', 'rejected'),
      fc.constantFrom('bob', 'carol', 'dave', null),
      fc.constantFrom<ResolutionData | null>(
        null,
        { values: given.values },
        { values: { ...given.values, replicas: 4 } },
        { values: { ...given.values, replicas: 0 } },
        { result: 'Done.' },
      ),
    )
    .map(([verdict, by, data]) => given.decided(verdict, by, data)),
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

const approvalsOf = ({ decisions }: Approval) => decisions.filter(({ verdict }) => verdict === 'approved');

/** Whoever acts on a decision can tell that this is the call it was about. */
function checkEvent({ type, data }: NewEvent): void {
  parseEventData(type, data);
  if (type === 'approval.resolved') expect(callDigest(data)).toBe(data.digest);
}

function checkState(approval: Approval): void {
  Approval.parse(approval);
  const { status, decisions, resolved_at, due_at } = approval;
  const required_approvals = approval.approval_type === 'audit' ? 0 : approval.required_approvals;
  expect(status === 'pending').toBe(resolved_at === null);
  if (status !== 'pending') expect(due_at).toBeNull();
  if (status === 'approved') expect(approvalsOf(approval)).toHaveLength(required_approvals);
  if (status === 'pending') expect(approvalsOf(approval).length).toBeLessThan(required_approvals);
  expect(decisions.some(({ verdict }) => verdict === 'rejected')).toBe(status === 'rejected');
  const named = decisions.map(({ by }) => by).filter((by) => by !== null);
  expect(new Set(named).size, 'each person counts once').toBe(named.length);
}

describe('an approval, whatever arrives in whatever order and however often,', () => {
  it('is resolved once, says so once, and stays as it was decided', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.nat(8)), { maxLength: 30 }), fc.context(), (steps, context) => {
        let approval: Approval | undefined;
        let now = given.now;
        const emitted: NewEvent[] = [];
        for (const [received, pause] of steps) {
          now += pause * 1000;
          context.log(JSON.stringify(received));
          deepFreeze([approval, received]);
          const transition = decideApproval(approval, received, now);
          expect(decideApproval(approval, received, now), 'the same decision').toEqual(transition);
          if (transition.kind !== 'changed') continue;
          transition.events.forEach(checkEvent);
          emitted.push(...transition.events);
          checkState(transition.state);
          if (approval && approval.status !== 'pending') {
            const { run_status, deleted_at, updated_at } = transition.state;
            expect(transition.state).toEqual({ ...approval, run_status, deleted_at, updated_at });
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
