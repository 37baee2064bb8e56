import type { Event } from '@countersign/contracts';
import type { Execution, ExecutionTerms } from '@countersign/contracts/executions';
import { latest, toEpochSeconds, type EpochSeconds } from '@countersign/contracts/time';
import type { ExecutionMessage } from '@countersign/executor';
import type { CommandResult } from '@countersign/persistence';
import { isAnsweredByPerson } from './model.js';
import { outcomeOf, unlessOutOfReach } from './runners.js';
import type { Steps, World } from './world.js';

const lease_ms = 30_000;

/** What arrives for executions. */
export async function* executorHandles(world: World, event: Event): Steps {
  yield;
  if (isFor(event, 'approval.resolved')) return accept(world, event);
  if (isFor(event, 'run.failed') || isFor(event, 'run.cancelled')) yield* takeBack(world, event);
}

const isFor = <N extends Event['type']>(event: Event, type: N): event is Event<N> => event.type === type;

async function accept(world: World, event: Event<'approval.resolved'>): Promise<void> {
  const { approval_id, status, tool_name, resolution_data } = event.data;
  if (isAnsweredByPerson(tool_name)) return;
  if (status !== 'approved' || resolution_data?.result !== undefined) return leaveOut(world, event);
  const worker = world.fresh('executor');
  const terms = termsFor(world, event.data.tool_name);
  const message: ExecutionMessage = {
    type: 'approved',
    event,
    refusal: null,
    unrecorded: isBefore(event.data.resolved_at, world) ? 'there is no record of it since' : null,
    terms,
    concurrency_key: null,
  };
  const then = world.dice.oneIn(2) ? [claimedBy(worker)] : [];
  const handled = await world.executions.aggregate.execute(approval_id, message, { then, creates: true });
  world.trace(`  executor: ${outcomeOf(handled)}`);
  executing(world, worker, handled);
}

async function leaveOut(world: World, event: Event<'approval.resolved'>): Promise<void> {
  const { approval_id, run_began_at } = event.data;
  const isForgotten = run_began_at !== null && isBefore(run_began_at, world);
  const unrecorded = isForgotten ? 'there is no record of it since' : null;
  const message = { type: 'decided_otherwise', event, unrecorded } as const;
  const creates = run_began_at !== null;
  const handled = await world.executions.aggregate.execute(approval_id, message, { creates });
  world.trace(`  executor: ${outcomeOf(handled)}`);
}

const claimedBy = (worker: string, refusal: string | null = null): ExecutionMessage => ({
  type: 'claimed',
  worker,
  lease_ms,
  refusal,
});

/** Whoever asks the target what came of a call starts nothing. */
const refusalOf = async ({ links, now }: World, execution: Execution): Promise<string | null> =>
  (execution.status === 'queued' && (await links?.refusalOf(execution, now))) || null;

/** Each story has tools of its own, which keep their promise for as long as it lasts. */
function termsFor(world: World, tool: string): ExecutionTerms {
  const terms = world.terms.get(tool) ?? {
    semantics: world.dice.oneIn(3) ? 'idempotent' : 'at_most_once',
    max_attempts: world.dice.oneIn(2) ? 3 : 1,
    retry: { first_ms: 1_000, longest_ms: 10_000 },
    made_by: 'worker',
    can_reconcile: world.dice.oneIn(2),
    not_before: null,
    start_by: null,
  };
  world.terms.set(tool, terms);
  return terms;
}

async function* takeBack(world: World, event: Event<'run.failed'> | Event<'run.cancelled'>): Steps {
  for (const requirement of event.data.requirements) {
    const { approval_id, tool_name } = requirement.tool_execution;
    if (approval_id === null || isAnsweredByPerson(tool_name)) continue;
    await world.executions.aggregate.execute(approval_id, { type: 'cancelled', event, requirement });
    yield;
  }
  world.ledger.takenBack(event.data.run_id);
}

/** Sees to an execution that is due, some time after it was found. */
export function attendToExecution(world: World, execution: Execution): void {
  const worker = world.fresh('executor');
  world.spawn('executor', `${worker} attends`, attend(world, worker, execution));
}

async function* attend(world: World, worker: string, known: Execution): Steps {
  yield;
  const { aggregate } = world.executions;
  const message = await messageTo(world, worker, known);
  executing(world, worker, await aggregate.execute(known.id, message, { known }));
}

async function messageTo(world: World, worker: string, known: Execution): Promise<ExecutionMessage> {
  const { status, created_at, retried_at } = known;
  if (status === 'running') return { type: 'due' };
  if (status === 'queued' && isBefore(latest(created_at, retried_at ?? created_at), world))
    return { type: 'unrecorded', reason: 'it waited when the store was saved' };
  return claimedBy(worker, await refusalOf(world, known));
}

/** Whether the call may have been made by a record that is lost. */
const isBefore = (at: EpochSeconds, { since }: World): boolean => at < toEpochSeconds(since.executions);

function executing(world: World, worker: string, handled: CommandResult<Execution>): void {
  if (handled.kind !== 'changed' || handled.state.lease?.worker !== worker) return;
  world.spawn('executor', worker, execute(world, worker, handled.state));
}

async function* execute(world: World, worker: string, execution: Execution): Steps {
  const { id } = execution;
  const { aggregate } = world.executions;
  yield;
  const report =
    execution.status === 'reconciling'
      ? said(world, worker, execution)
      : (lostBefore(world, worker, execution) ?? made(world, worker, execution));
  while (world.dice.oneIn(2)) {
    yield;
    const extended = { type: 'lease_extended', worker, lease_ms, progress: null } as const;
    await aggregate.execute(id, extended).catch(unlessOutOfReach);
  }
  yield;
  for (;;) {
    const handled = await aggregate.execute(id, report, { known: execution }).catch(unlessOutOfReach);
    if (handled) return world.trace(`  ${worker} says ${report.type}: ${outcomeOf(handled)}`);
    yield;
  }
}

/** The last look before the effect: however long it was halted, whoever has lost its lease makes nothing. */
function lostBefore({ executions, now }: World, worker: string, { id }: Execution): ExecutionMessage | undefined {
  const { lease } = executions.store.records.get(id) ?? {};
  if (lease?.worker === worker && lease.expires_at > now) return undefined;
  const held_by = { code: 'retry', detail: 'its lease had run out before it began', until: null } as const;
  return { type: 'not_begun', worker, until: now, held_by };
}

/** Makes the call, and says what came of it; a failure that may pass is one that did nothing. */
function made(world: World, worker: string, execution: Execution): ExecutionMessage {
  const failed = {
    type: 'failed',
    worker,
    error: 'exit code 1',
    retryable: false,
    retry_after_ms: 0,
    covers: 'attempt',
  } as const;
  const report = world.dice.weighted<ExecutionMessage>([
    [6, { type: 'succeeded', worker, result: `made by ${worker}` }],
    [2, failed],
    [2, { ...failed, error: 'exit code 75', retryable: true }],
    [2, { type: 'lost', worker, reason: `ended by\nSIGKILL` }],
  ]);
  const didNothing = report.type === 'failed' && report.retryable;
  if (!didNothing) world.ledger.madeByExecutor(execution);
  return report;
}

/** What the target says that is asked: the truth as far as it knows it. */
function said({ dice, ledger }: World, worker: string, { id }: Execution): ExecutionMessage {
  if (dice.oneIn(4)) return { type: 'lost', worker, reason: 'it does not answer' };
  if (ledger.hasMade(id)) return { type: 'succeeded', worker, result: 'it is there' };
  return { type: 'failed', worker, error: 'it never arrived', retryable: true, retry_after_ms: 0, covers: 'call' };
}

/** The only process of the executor starts again: what it was making, nobody saw the end of. */
export async function restartExecutor(world: World): Promise<void> {
  for (const process of world.processes.filter(({ service }) => service === 'executor')) world.drop(process);
  for (const { id, lease } of world.executions.store.all().filter(({ status }) => status === 'running'))
    await world.executions.aggregate.execute(id, { type: 'lost', worker: lease!.worker, reason: 'it stopped' });
}
