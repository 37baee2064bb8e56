import { parseEventData, type Event } from '@countersign/contracts';
import { Approval } from '@countersign/contracts/approvals';
import { Execution } from '@countersign/contracts/executions';
import { Call, isFinishedStatus, Run } from '@countersign/contracts/runs';
import { expect } from 'vitest';
import { unanswered } from './conversation.js';
import type { Ledger } from '../ledger.js';

const endings = ['run.completed', 'run.failed', 'run.cancelled'];

type Numbered = { sequence?: number | undefined };

/** Each has its number, the next one of the record, whoever tries the same at the same time and whatever answer is lost. */
function checkEvents(before: Numbered | undefined, after: Numbered, events: readonly Event[]): void {
  for (const { type, data } of events) parseEventData(type, data);
  const last = before?.sequence ?? 0;
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, n) => last + n + 1));
  if ((after.sequence ?? 0) !== last + events.length) throw new Error('a number is left out');
}

/** What these look at besides the record. */
interface Audited {
  readonly ledger: Ledger;
  readonly runs: { readonly store: { readonly records: ReadonlyMap<string, Run> } };
}

export function checkRun(world: Audited, before: Run | undefined, after: Run, events: readonly Event[]): void {
  Run.parse(after);
  checkEvents(before, after, events);
  const wasOver = before !== undefined && isFinishedStatus(before.status);
  const isOver = isFinishedStatus(after.status);
  const ends = events.filter((event) => endings.includes(event.type) && !isRepeated(event)).length;
  if (ends !== (isOver && !wasOver ? 1 : 0))
    throw new Error(`a run ends once and says so; here it says so ${ends} times`);
  if (after.steps > world.ledger.answersTo(after.run_id)) throw new Error('an answer of the model is taken twice');
  if (wasOver) checkReport(before, after, events);
  checkItems(before, after);
  checkCalls(world, before?.calls ?? [], after.calls);
  if (!isOver) checkWaiting(after);
}

const isRepeated = ({ data }: Event): boolean => 'repeated' in data && data.repeated;

/** All that may be added to a run that is over is how a call ended that was under way. */
function checkReport(before: Run, after: Run, events: readonly Event[]): void {
  if (!events.every(isRepeated)) throw new Error('a run that is over says nothing new');
  const { calls, journal, sequence, updated_at, version, unsettled } = before;
  expect({ ...after, calls, journal, sequence, updated_at, version, unsettled }, 'a run that is over stays so').toEqual(
    before,
  );
  if (!before.unsettled && after.unsettled) throw new Error('what was settled is not');
}

function checkItems(before: Run | undefined, { items, calls, status }: Run): void {
  if (before?.items.some((item, n) => item !== items[n] && JSON.stringify(item) !== JSON.stringify(items[n])))
    throw new Error('something said is unsaid');
  const open = calls
    .filter(({ state }) => state !== 'answered')
    .map(({ tool_execution }) => tool_execution.tool_call_id);
  const expected = isFinishedStatus(status) ? [] : open.toSorted();
  if (unanswered(items).join() !== expected.join())
    throw new Error(`the open calls are ${expected.join()}, those without an output ${unanswered(items).join()}`);
}

/** A call never goes back: one that was started would be made again. */
const states = Call.shape.state.options;

function checkCalls({ ledger }: Audited, before: readonly Call[], after: readonly Call[]): void {
  if (new Set(after.map(({ id }) => id)).size !== after.length) throw new Error('two calls have the same id');
  for (const [n, call] of after.entries()) {
    const { result } = call.tool_execution;
    if ((call.state === 'answered') !== (result !== null)) throw new Error(`${call.id} is answered without a result`);
    const earlier = before[n];
    if (!earlier) continue;
    if (earlier.id !== call.id) throw new Error('calls stay in their order');
    if (states.indexOf(call.state) < states.indexOf(earlier.state))
      throw new Error(`${call.id} was ${earlier.state} and is ${call.state}`);
    if (earlier.tool_execution.result !== null && earlier.tool_execution.result !== result)
      throw new Error(`${call.id} is answered twice`);
    const isDecidedAgain = earlier.confirmation !== null && earlier.confirmation !== call.confirmation;
    if (isDecidedAgain && !ledger.isRestored(call.id)) throw new Error(`${call.id} was decided otherwise before`);
  }
}

/** Whoever a run waits for is in its record: a worker by a due date, people and executors by open calls. */
function checkWaiting({ status, calls, due_at, deadline_at, lease }: Run): void {
  const isForPeople =
    calls.some(({ state }) => state === 'asked') &&
    !calls.some(({ state }) => state === 'ready' || state === 'started');
  if ((status === 'PAUSED') !== isForPeople) throw new Error(`${status}, and people are waited for: ${isForPeople}`);
  if ((status === 'RUNNING') !== (lease !== null)) throw new Error(`${status} with the lease ${JSON.stringify(lease)}`);
  if (status === 'PAUSED' ? due_at !== deadline_at : due_at === null) throw new Error(`${status} until ${due_at}`);
  if (status !== 'RUNNING' && deadline_at !== null && due_at! > deadline_at) throw new Error('due after its deadline');
}

export function checkApproval(
  world: Audited,
  before: Approval | undefined,
  after: Approval,
  events: readonly Event[],
): void {
  Approval.parse(after);
  checkEvents(before, after, events);
  for (const event of events) {
    if (event.type === 'approval.resolved') world.ledger.decided((event as Event<'approval.resolved'>).data);
  }
  checkVoid(world, before, after);
  if (before === undefined || before.status === 'pending') return;
  const { run_status, deleted_at, sequence, updated_at, version } = before;
  expect({ ...after, run_status, deleted_at, sequence, updated_at, version }, 'a decision stays').toEqual(before);
}

/** Only the end of its run, or a person who removes it, makes void what is pending. */
function checkVoid(
  { ledger, runs }: Audited,
  before: Approval | undefined,
  { id, run_id, status, deleted_at }: Approval,
): void {
  if (status !== 'cancelled' || before?.status === 'cancelled' || deleted_at !== null) return;
  // An end that its run has forgotten still holds.
  if (ledger.isRestored(run_id)) return;
  const run = runs.store.records.get(run_id);
  if (!run || !isFinishedStatus(run.status)) throw new Error(`approval ${id} is made void, and its run is not over`);
}

export function checkExecution(
  world: Audited,
  before: Execution | undefined,
  after: Execution,
  events: readonly Event[],
): void {
  Execution.parse(after);
  checkEvents(before, after, events);
  checkAttempts(world, after);
  if (events.some(({ type }) => type === 'tool.execution_started')) world.ledger.started(after);
  if (before && ['succeeded', 'failed', 'cancelled'].includes(before.status))
    expect(withoutNotes(after), 'what has ended changes').toEqual(withoutNotes(before));
}

/** Without what is only for people to read, and when it was touched. */
const withoutNotes = (execution: Execution) => ({
  ...execution,
  attempts: execution.attempts.map((attempt) => ({ ...attempt, late_report: null })),
  sequence: null,
  updated_at: null,
  version: null,
});

/** Where one start was promised, what comes before the last one did nothing, or a person has allowed another. */
function checkAttempts({ ledger }: Audited, { id, attempts, terms }: Execution): void {
  const earlier = attempts.slice(0, -1).filter(({ outcome }) => outcome !== 'failed');
  if (terms.semantics === 'at_most_once' && earlier.length > 0 && !ledger.isAllowedAgain(id))
    throw new Error(`execution ${id} is started twice`);
}
