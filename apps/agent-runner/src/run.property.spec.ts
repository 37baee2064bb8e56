import { finishedRunStatuses, parseEventData, Run, type NewEvent } from '@countersign/contracts';
import { deepFreeze } from '@countersign/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as given from './run.given.js';
import { decideRun, openRequirements, type RunMessage } from './run.js';

/** A message for a run: whom it is about depends on what the run asked for. */
type Step = (run: Run | undefined, earlier: readonly RunMessage[]) => RunMessage;

const workers = fc.constantFrom('worker-1', 'worker-2');
const item = fc.oneof(
  fc.constantFrom('call_a', 'call_b').map((id) => given.call(id)),
  fc.constant(given.call('call_bad', 'not a name')),
  fc.constant({ type: 'reasoning', encrypted_content: 'sealed' }),
  fc.constantFrom('', 'Hello.').map((words) => given.text(words)),
);
const ofWorker = fc
  .tuple(
    workers,
    fc.oneof(
      fc.constant(given.claimed),
      fc.constant({ type: 'released', worker: '' } as const),
      fc.constant({ type: 'lease_extended', worker: '', lease_ms: 10 } as const),
      fc.constantFrom(0, 5, null).map(given.modelFailed),
      fc.array(item, { maxLength: 4 }).map((items) => given.responded(...items)),
    ),
  )
  .map(
    ([worker, message]): Step =>
      () =>
        ({ ...message, worker }) as RunMessage,
  );
const aboutCall = fc
  .tuple(
    fc.nat(5),
    fc.constantFrom(
      (r: Requirement) => given.resolved(r, 'approved'),
      (r: Requirement) => given.resolved(r, 'approved', { resolution_data: { result: 'by hand' } }),
      (r: Requirement) => given.resolved(r, 'rejected'),
      (r: Requirement) => given.resolved(r, 'expired'),
      (r: Requirement) => given.completed(r),
      (r: Requirement) => given.failed(r),
      (r: Requirement) => given.outcomeUnknown(r),
    ),
  )
  .map(
    ([n, message]): Step =>
      (run) =>
        message(run?.requirements[n] ?? elsewhere),
  );
const again = fc.nat().map(
  (n): Step =>
    (_, earlier) =>
      earlier[n % earlier.length] ?? given.requested,
);
const step = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>(
      () => given.requested,
      () => given.cancelRequested,
    ),
  },
  { weight: 6, arbitrary: ofWorker },
  { weight: 6, arbitrary: aboutCall },
  { weight: 3, arbitrary: again },
);
type Requirement = Run['requirements'][number];
const elsewhere: Requirement = { ...given.requirementFor(given.paused, 'call_a'), id: 'elsewhere' };

const isFinished = ({ status }: Run) => (finishedRunStatuses as readonly string[]).includes(status);
const idsOf = ({ items }: Run, type: string) =>
  items.filter((each) => each.type === type).map((each) => String(each['call_id']));
const countOf = (ids: readonly string[]) =>
  Object.fromEntries([...new Set(ids)].toSorted().map((id) => [id, ids.filter((each) => each === id).length]));

function checkState(run: Run): void {
  Run.parse(run);
  const calls = countOf(idsOf(run, 'function_call'));
  const outputs = countOf(idsOf(run, 'function_call_output'));
  if (run.status === 'PENDING' || run.status === 'RUNNING') {
    expect(outputs, 'every call has exactly one output when the model is asked').toEqual(calls);
    expect(openRequirements(run)).toEqual([]);
  }
  for (const [id, count] of Object.entries(outputs)) expect(count).toBeLessThanOrEqual(calls[id]!);
  if (run.status === 'PAUSED') expect(openRequirements(run)).not.toEqual([]);
  expect(run.lease !== null, 'a lease means RUNNING').toBe(run.status === 'RUNNING');
  expect(run.due_at !== null, 'only who waits for a worker is due').toBe(['PENDING', 'RUNNING'].includes(run.status));
  expect(run.finished_at !== null).toBe(isFinished(run));
}

function checkStep(before: Run | undefined, after: Run): void {
  expect(after.items.slice(0, before?.items.length ?? 0), 'nothing said is unsaid').toEqual(before?.items ?? []);
  const ids = after.requirements.map(({ id }) => id);
  expect(new Set(ids).size, 'each call has a requirement of its own').toBe(ids.length);
  for (const [n, { tool_execution }] of (before?.requirements ?? []).entries()) {
    if (tool_execution.result !== null) {
      expect(after.requirements[n]!.tool_execution.result, 'a call is answered once').toBe(tool_execution.result);
    }
  }
}

describe('a run, whatever arrives in whatever order and however often,', () => {
  it('keeps its conversation sound, answers each call once and ends once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.nat(15)), { maxLength: 60 }), fc.context(), (steps, context) => {
        let run: Run | undefined;
        let now = given.now;
        const earlier: RunMessage[] = [];
        const emitted: NewEvent[] = [];
        for (const [next, pause] of [[() => given.requested, 0] as [Step, number], ...steps]) {
          now += pause * 1000;
          const message = next(run, earlier);
          earlier.push(message);
          context.log(JSON.stringify(message));
          deepFreeze([run, message]);
          const transition = decideRun(run, message, now);
          expect(decideRun(run, message, now), 'the same decision').toEqual(transition);
          if (transition.kind !== 'changed') continue;
          expect(run !== undefined && isFinished(run), 'what has ended stays').toBe(false);
          for (const { type, data } of transition.events) parseEventData(type, data);
          emitted.push(...transition.events);
          checkStep(run, transition.state);
          checkState(transition.state);
          run = transition.state;
        }
        const ends = emitted.filter(({ type }) => ['run.completed', 'run.failed', 'run.cancelled'].includes(type));
        expect(ends).toHaveLength(isFinished(run!) ? 1 : 0);
        expect(emitted.filter(({ type }) => type === 'run.started')).toHaveLength(1);
        const required = emitted.filter(({ type }) => type === 'tool.approval_required');
        expect(new Set(required.map(({ data }) => 'approval_id' in data && data.approval_id)).size).toBe(
          required.length,
        );
      }),
      { numRuns: 500 },
    );
  });
});
