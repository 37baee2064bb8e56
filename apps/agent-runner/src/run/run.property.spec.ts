import { parseEventData, type NewEvent } from '@countersign/contracts';
import { isGated, Run } from '@countersign/contracts/runs';
import { after, millisOf } from '@countersign/contracts/time';
import { deepFreeze } from '@countersign/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isForWorker, isOpen, openCalls } from './call.js';
import * as given from '../../test/run.fixtures.js';
import type { RunMessage } from './messages.js';
import { decideRun } from './run.js';
import { first, pause, step, type Step } from '../../test/run.steps.fixtures.js';

const isFinished = (run: Run) => ['COMPLETED', 'CANCELLED', 'ERROR'].includes(run.status);
const idsOf = ({ items }: Run, type: string) =>
  items.filter((each) => each.type === type).map((each) => String(each['call_id']));
const countOf = (ids: readonly string[]) =>
  Object.fromEntries([...new Set(ids)].toSorted().map((id) => [id, ids.filter((each) => each === id).length]));

function checkState(run: Run): void {
  Run.parse(run);
  checkConversation(run);
  for (const call of run.calls) {
    expect(call.tool_execution.result !== null, 'what is answered has a result').toBe(call.state === 'answered');
    if (isForWorker(call)) expect(call.made_by, 'a worker makes only what is for it').toBe('runner');
    if (isForWorker(call) && isGated(call)) expect(call.confirmation, 'nothing gated is made without leave').toBe(true);
  }
  if (run.status === 'PAUSED') {
    expect(openCalls(run), 'a paused run waits for somebody').not.toEqual([]);
    expect(run.calls.filter(isForWorker)).toEqual([]);
  }
  if (run.status === 'RUNNING' || run.status === 'PENDING') {
    expect(run.calls.some(isOpen), 'what works has something to do').toBe(run.calls.some(isForWorker));
  }
  checkDue(run);
}

function checkConversation(run: Run): void {
  const calls = countOf(idsOf(run, 'function_call'));
  const outputs = countOf(idsOf(run, 'function_call_output'));
  for (const [id, count] of Object.entries(outputs)) expect(count).toBeLessThanOrEqual(calls[id]!);
  if (isFinished(run) || !run.calls.some(isOpen)) {
    expect(outputs, 'every call has exactly one output when a model may be told').toEqual(calls);
  }
}

function checkDue(run: Run): void {
  const { due_at, deadline_at, lease, working_since_ms } = run;
  expect(lease !== null, 'a lease means RUNNING').toBe(run.status === 'RUNNING');
  expect(working_since_ms !== null, 'and so does work').toBe(run.status === 'RUNNING');
  expect(run.finished_at !== null).toBe(isFinished(run));
  if (isFinished(run)) expect(due_at).toBe(null);
  if (run.status === 'RUNNING') expect(due_at, 'when its lease is over').toBe(lease!.expires_at);
  if (run.status === 'PAUSED') expect(due_at, 'when its deadline passes').toBe(deadline_at);
  if (run.status === 'PENDING') expect(due_at, 'before its deadline').toBeLessThanOrEqual(deadline_at ?? Infinity);
}

function checkStep(before: Run | undefined, after: Run): void {
  for (const list of ['items', 'journal'] as const) {
    expect(after[list].slice(0, before?.[list].length ?? 0), 'nothing said is unsaid').toEqual(before?.[list] ?? []);
  }
  const ids = after.calls.map(({ id }) => id);
  expect(new Set(ids).size, 'each call is one of its own').toBe(ids.length);
  expect(after.worked_ms).toBeGreaterThanOrEqual(before?.worked_ms ?? 0);
  if (before && after.steps > before.steps)
    expect(before.calls.some(isOpen), 'the model hears all of its calls').toBe(false);
  for (const [n, call] of (before?.calls ?? []).entries()) {
    const next = after.calls[n]!;
    if (!isOpen(call)) expect(next, 'a call is answered once').toEqual(call);
    expect(order.indexOf(next.state), 'a call never goes back').toBeGreaterThanOrEqual(order.indexOf(call.state));
    if (next.state === 'started' && call.state !== 'started') expect(call.state, 'leave comes before').toBe('ready');
  }
}
const order = ['asked', 'ready', 'started', 'answered'];

/** Plays the steps on a run and checks each transition. @returns the run and what it emitted. */
function play(start: RunMessage, steps: readonly [Step, number][], log: (message: string) => void) {
  let run: Run | undefined;
  let now = given.now;
  const earlier: RunMessage[] = [];
  const events: NewEvent[] = [];
  let retries = 0;
  const begin: [Step, number] = [() => start, 0];
  for (const [next, seconds] of [begin, ...steps]) {
    now = after(now, millisOf(seconds));
    const message = next(run, earlier);
    earlier.push(message);
    log(JSON.stringify(message));
    deepFreeze([run, message]);
    const transition = decideRun(run, message, now);
    expect(decideRun(run, message, now), 'the same decision').toEqual(transition);
    if (transition.kind !== 'changed') continue;
    const isRetried = message.type === 'retry_requested' && run?.status === 'ERROR';
    if (run && isFinished(run) && !isRetried)
      expect([transition.state.status, transition.events]).toEqual([run.status, []]);
    if (isRetried) retries += 1;
    for (const { type, data } of transition.events) parseEventData(type, data);
    events.push(...transition.events);
    checkStep(run, transition.state);
    checkState(transition.state);
    run = transition.state;
  }
  return { run: run!, events, retries };
}

/** What a run told others, from its start to where it is now. */
function checkEvents(run: Run, events: readonly NewEvent[], retries: number): void {
  const countOfType = (...types: string[]) => events.filter(({ type }) => types.includes(type)).length;
  expect(countOfType('run.started')).toBe(1);
  expect(countOfType('run.completed', 'run.failed', 'run.cancelled')).toBe(retries + (isFinished(run) ? 1 : 0));
  const open = countOfType('run.paused') - countOfType('run.continued') + retries;
  if (isFinished(run) || retries > 0) expect(open, 'a pause ends before the next').toBeLessThanOrEqual(1 + retries);
  else expect(open).toBe(run.status === 'PAUSED' ? 1 : 0);
  const asked = events.flatMap(({ type, data }) => (type === 'tool.approval_required' ? [data.approval_id] : []));
  expect(new Set(asked).size, 'an approval is asked for once').toBe(asked.length);
}

function checkJournal({ journal }: Run, retries: number): void {
  const lines = journal.filter(({ type }) => type.startsWith('call_')).map(({ type, call }) => `${type} ${call}`);
  expect(new Set(lines).size, 'a call begins and ends once').toBe(lines.length);
  expect(journal.filter(({ type }) => type === 'over').length).toBeLessThanOrEqual(1 + retries);
}

describe('a run, whatever arrives in whatever order and however often,', () => {
  it('keeps its conversation sound, makes only what it may, answers each call once and ends once', () => {
    const reached = new Map<string, number>();
    fc.assert(
      fc.property(
        first,
        fc.array(fc.tuple(step, pause), { maxLength: 60, size: 'max' }),
        fc.context(),
        (start, steps, context) => {
          const { run, events, retries } = play(start, steps, (message) => context.log(message));
          checkEvents(run, events, retries);
          checkJournal(run, retries);
          for (const { type } of events) reached.set(type, (reached.get(type) ?? 0) + 1);
        },
      ),
      { numRuns: 4_000 },
    );
    const rarely = [...reached].filter(([, times]) => times < 50).map(([type]) => type);
    expect([reached.size, rarely], 'gets as far as everything that a run can tell').toEqual([7, []]);
  }, 60_000);
});
