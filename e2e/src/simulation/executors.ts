import type { Event, Execution } from '@countersign/contracts';
import type { ExecutionMessage } from '@countersign/executor';
import type { Handled } from '@countersign/persistence';
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
  const { approval_id, status, pause_type, resolution_data } = event.data;
  if (status !== 'approved' || pause_type !== 'external_execution' || resolution_data?.result !== undefined) return;
  const worker = world.fresh('executor');
  const message: ExecutionMessage = { type: 'approved', event, refusal: null };
  const then: ExecutionMessage[] = world.dice.oneIn(2) ? [{ type: 'claimed', worker, lease_ms }] : [];
  const handled = await world.executions.aggregate.handle(approval_id, message, { then, creates: true });
  world.trace(`  executor: ${outcomeOf(handled)}`);
  executing(world, worker, handled);
}

async function* takeBack(world: World, event: Event<'run.failed'> | Event<'run.cancelled'>): Steps {
  for (const requirement of event.data.requirements) {
    const { external_execution_required, approval_id } = requirement.tool_execution;
    if (!external_execution_required || approval_id === null) continue;
    await world.executions.aggregate.handle(approval_id, { type: 'cancelled', event, requirement });
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
  const message: ExecutionMessage = known.status === 'queued' ? { type: 'claimed', worker, lease_ms } : { type: 'due' };
  executing(world, worker, await aggregate.handle(known.id, message, { known }));
}

function executing(world: World, worker: string, handled: Handled<Execution>): void {
  if (handled.kind !== 'changed' || handled.state.lease?.worker !== worker) return;
  world.spawn('executor', worker, execute(world, worker, handled.state));
}

async function* execute(world: World, worker: string, execution: Execution): Steps {
  const { id } = execution;
  const { aggregate } = world.executions;
  yield;
  world.ledger.madeByExecutor(execution);
  while (world.dice.oneIn(2)) {
    yield;
    await aggregate.handle(id, { type: 'lease_extended', worker, lease_ms }).catch(unlessOutOfReach);
  }
  yield;
  const report = reportOf(world, worker);
  for (;;) {
    const handled = await aggregate.handle(id, report, { known: execution }).catch(unlessOutOfReach);
    if (handled) return world.trace(`  ${worker} says ${report.type}: ${outcomeOf(handled)}`);
    yield;
  }
}

const reportOf = ({ dice }: World, worker: string): ExecutionMessage =>
  dice.weighted<ExecutionMessage>([
    [6, { type: 'succeeded', worker, result: `made by ${worker}` }],
    [2, { type: 'failed', worker, error: 'exit code 1' }],
    [1, { type: 'lost', worker, reason: `ended by\nSIGKILL` }],
  ]);

/** The only process of the executor starts again: what it was making, nobody saw the end of. */
export async function restartExecutor(world: World): Promise<void> {
  for (const process of world.processes.filter(({ service }) => service === 'executor')) world.drop(process);
  for (const { id, lease } of world.executions.store.all().filter(({ status }) => status === 'running'))
    await world.executions.aggregate.handle(id, { type: 'lost', worker: lease!.worker, reason: 'it stopped' });
}
