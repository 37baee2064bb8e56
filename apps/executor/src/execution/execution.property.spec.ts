import { parseEventData, type NewEvent } from '@countersign/contracts';
import { Execution } from '@countersign/contracts/executions';
import { after, millisOf } from '@countersign/contracts/time';
import { deepFreeze } from '@countersign/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as given from '../../test/execution.fixtures.js';
import { decideExecution } from './execution.js';
import type { ExecutionMessage } from './messages.js';

const ofWorker = fc
  .tuple(
    fc.constantFrom('worker-1', 'worker-2'),
    fc.constantFrom(
      given.claimed,
      given.claimed,
      given.claimed,
      given.extended,
      given.succeeded,
      given.failed,
      given.failedForAll,
      given.failedForNow,
      given.lost,
      given.notBegun,
    ),
  )
  .map(([worker, message]) => ({ ...message, worker }) as ExecutionMessage);
const message = fc.oneof(
  { weight: 4, arbitrary: ofWorker },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      given.approved(),
      given.idempotent,
      given.askable,
      given.byPerson,
      given.forged,
      given.approved({ refusal: 'no such tool' }),
      given.postponed,
      given.refused,
      given.reported('succeeded'),
      given.retried,
      given.retriedAnyway,
      given.cancelRequested,
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
  if (status === 'running') expect(lease, 'who runs holds a lease').not.toBeNull();
  if (lease !== null) expect(['running', 'reconciling']).toContain(status);
  expect(due_at !== null, 'only who waits for a worker is due').toBe(
    ['queued', 'running', 'reconciling'].includes(status),
  );
  const open = attempts.filter(({ ended_at }) => ended_at === null);
  expect(open).toHaveLength(['running', 'awaiting_report'].includes(status) ? 1 : 0);
  expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_, n) => n + 1));
}

/** Starts after one that may have been made already, which nobody has allowed. */
function secondStarts({ terms, attempts }: Execution): number {
  const unseen = attempts.slice(0, -1).filter(({ outcome }) => outcome !== 'failed');
  return terms.semantics === 'at_most_once' ? unseen.length : 0;
}

/** All of it but what is noted for people even after the end: a report that came too late to count. */
const lasting = (execution: Execution) => ({
  ...execution,
  attempts: execution.attempts.map((attempt) => ({ ...attempt, late_report: null })),
  updated_at: null,
  version: null,
});

describe('an execution, whatever arrives in whatever order and however often,', () => {
  it('is never started twice where one start was promised, never with other arguments, and ends once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.nat(20)), { maxLength: 40 }), fc.context(), (steps, context) => {
        let execution: Execution | undefined;
        let now = given.now;
        let refused = false;
        let unheard = false;
        let allowed = 0;
        const emitted: NewEvent[] = [];
        for (const [received, pause] of steps) {
          now = after(now, millisOf(pause));
          context.log(JSON.stringify(received));
          deepFreeze([execution, received]);
          const transition = decideExecution(execution, received, now);
          expect(decideExecution(execution, received, now), 'the same decision').toEqual(transition);
          if (transition.kind !== 'changed') continue;
          if (execution && finished.includes(execution.status)) {
            expect(lasting(transition.state), 'what has ended stays').toEqual(lasting(execution));
            expect(transition.events, 'nothing more is told of it').toEqual([]);
          }
          unheard ||= execution === undefined && received.type === 'cancelled';
          refused ||=
            transition.state.error?.startsWith('not executed') === true && transition.state.attempts.length === 0;
          if (received.type === 'retried') allowed += 1;
          const unseen = (of: Execution | undefined) =>
            of?.attempts.map(({ outcome }) => outcome === 'outcome_unknown');
          const before = unseen(execution) ?? [];
          expect(unseen(transition.state)?.slice(0, before.length), 'what nobody saw stays unseen').toEqual(
            before.map((was, n) => was || transition.state.attempts[n]!.outcome === 'outcome_unknown'),
          );
          expect(secondStarts(transition.state), 'a second start').toBeLessThanOrEqual(allowed);
          for (const { type, data } of transition.events) parseEventData(type, data);
          emitted.push(...transition.events);
          checkState(transition.state);
          execution = transition.state;
        }
        const count = (...types: string[]) => emitted.filter(({ type }) => types.includes(type)).length;
        expect(count('tool.execution_started')).toBe(execution?.attempts.length ?? 0);
        if (refused) expect(count('tool.execution_started')).toBe(0);
        const isOver = finished.includes(execution?.status ?? '') && !unheard;
        expect(count('tool.execution_completed', 'tool.execution_failed')).toBe(isOver ? 1 : 0);
        expect(count('tool.execution_outcome_unknown')).toBeLessThanOrEqual(1 + allowed);
      }),
      { numRuns: 500 },
    );
  });
});
