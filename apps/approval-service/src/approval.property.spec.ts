import { Approval, parseEventData, type NewEvent } from '@countersign/contracts';
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
    .tuple(fc.constantFrom('approved', 'approved', 'rejected'), fc.constantFrom('bob', 'carol', 'dave', null))
    .map(([verdict, by]) => given.decided(verdict, by)),
  fc.constantFrom<ApprovalMessage>(
    { type: 'due' },
    { type: 'removed' },
    given.madeVoid,
    given.runCompleted,
    given.runFailed,
    given.runCancelled,
  ),
);

const approvalsOf = ({ decisions }: Approval) => decisions.filter(({ verdict }) => verdict === 'approved');

function checkState(approval: Approval): void {
  Approval.parse(approval);
  const { status, decisions, required_approvals, resolved_at, due_at } = approval;
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
          for (const { type, data } of transition.events) parseEventData(type, data);
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
