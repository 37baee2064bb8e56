import { Execution, parseEventData, type NewEvent } from '@countersign/contracts';
import { deepFreeze } from '@countersign/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as given from './execution.given.js';
import { decideExecution, type ExecutionMessage } from './execution.js';

const ofWorker = fc
  .tuple(
    fc.constantFrom('worker-1', 'worker-2'),
    fc.constantFrom(given.claimed, given.claimed, given.extended, given.succeeded, given.failed, given.lost),
  )
  .map(([worker, message]) => ({ ...message, worker }) as ExecutionMessage);
const message = fc.oneof(
  { weight: 4, arbitrary: ofWorker },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      given.approved(),
      given.forged,
      given.approved({}, 'no such tool'),
      given.due,
      given.settled('succeeded'),
      given.settled('failed'),
      given.cancelled,
      given.ended,
    ),
  },
);
const finished = ['succeeded', 'failed', 'cancelled'];

function checkState(execution: Execution): void {
  Execution.parse(execution);
  const { status, lease, due_at, attempts } = execution;
  if (status === 'cancelled') expect(attempts, 'what is taken back was not begun').toEqual([]);
  expect(attempts.length, 'a call is made once').toBeLessThanOrEqual(1);
  expect(lease !== null, 'a lease means running').toBe(status === 'running');
  expect(due_at !== null, 'only who waits for a worker is due').toBe(['queued', 'running'].includes(status));
  expect(attempts.filter(({ ended_at }) => ended_at === null)).toHaveLength(status === 'running' ? 1 : 0);
}

describe('an execution, whatever arrives in whatever order and however often,', () => {
  it('begins at most once, never with other arguments than approved, and ends once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.nat(20)), { maxLength: 40 }), fc.context(), (steps, context) => {
        let execution: Execution | undefined;
        let now = given.now;
        let refused = false;
        let unheard = false;
        const emitted: NewEvent[] = [];
        for (const [received, pause] of steps) {
          now += pause * 1000;
          context.log(JSON.stringify(received));
          deepFreeze([execution, received]);
          const transition = decideExecution(execution, received, now);
          expect(decideExecution(execution, received, now), 'the same decision').toEqual(transition);
          if (transition.kind !== 'changed') continue;
          expect(finished, 'what has ended stays').not.toContain(execution?.status);
          unheard ||= execution === undefined && received.type === 'cancelled';
          refused ||= received === given.forged || (received.type === 'approved' && received.refusal !== null);
          for (const { type, data } of transition.events) parseEventData(type, data);
          emitted.push(...transition.events);
          checkState(transition.state);
          execution = transition.state;
        }
        const count = (...types: string[]) => emitted.filter(({ type }) => types.includes(type)).length;
        expect(count('tool.execution_started')).toBe(execution?.attempts.length ?? 0);
        if (refused || execution?.status === 'cancelled') expect(count('tool.execution_started')).toBe(0);
        const isOver = finished.includes(execution?.status ?? '') && !unheard;
        expect(count('tool.execution_completed', 'tool.execution_failed')).toBe(isOver ? 1 : 0);
        expect(count('tool.execution_outcome_unknown')).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
});
