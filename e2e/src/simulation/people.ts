import type { RunMessage } from '@countersign/agent-runner';
import type { ApprovalMessage } from '@countersign/approval-service';
import type { Approval, ResolutionData } from '@countersign/contracts/approvals';
import { isFinishedStatus, type Call, type Run } from '@countersign/contracts/runs';
import { after } from '@countersign/contracts/time';
import type { ExecutionMessage } from '@countersign/executor';
import type { Resolution } from './ledger.js';
import { outcomeOf, tellRun, unlessOutOfReach } from './runners.js';
import type { World } from './world.js';

/** Somebody asks for something to be done. */
export async function requestRun(world: World): Promise<void> {
  const { dice, now } = world;
  const run_id = world.fresh('run');
  const deadline_at = dice.oneIn(4) ? after(now, dice.one(1_000, 40_000, 200_000)) : null;
  const request = { run_id, agent_id: 'ops', session_id: run_id, user_id: 'ana', requested_by: 'ana' };
  await tellRun(world, run_id, {
    type: 'requested',
    run: { ...request, run_input: 'Do it.', deadline_at, streamed: false, traceparent: null, tracestate: null },
  });
}

/** Somebody decides on some approval, in some way, whether it is still pending or not. */
export async function decide(world: World): Promise<void> {
  const { dice, approvals } = world;
  const all = approvals.store.all();
  const pending = all.filter(({ status }) => status === 'pending');
  const approval = dice.pick(dice.oneIn(8) ? all : pending);
  if (approval) await tellApproval(world, approval, await verdictOn(world, approval));
}

async function verdictOn(world: World, { pause_type, resolution_data }: Approval): Promise<ApprovalMessage> {
  const { deputies, dice, rules } = world;
  if (dice.oneIn(15)) return { type: 'removed' };
  const values = resolution_data?.values ?? { hours: dice.one(1, 2) };
  const data = dice.weighted<ResolutionData | null>([
    [6, pause_type === 'user_input' ? { values } : null],
    [1, { note: 'I looked.' }],
    [1, { result: 'done by hand' }],
    [1, { values: { hours: 0 } }],
  ]);
  const verdict = dice.one('approved', 'approved', 'approved', 'rejected');
  const by = dice.one('bob', 'carol', 'dave', 'erin', 'ana', 'mallory', null);
  const standsInFor = await deputies.of(by);
  return { type: 'decided', verdict, by, groups: [], standsInFor, resolution_data: data, rules };
}

async function tellApproval(world: World, { id }: Approval, message: ApprovalMessage): Promise<void> {
  const handled = await world.approvals.aggregate.execute(id, message).catch(unlessOutOfReach);
  const verdict = message.type === 'decided' ? ` ${message.verdict} by ${message.by}` : '';
  world.trace(`  ${id} ${message.type}${verdict}: ${handled ? outcomeOf(handled) : 'no answer'}`);
}

/** Everybody who is waited for approves. */
export async function decideAll(world: World): Promise<void> {
  for (const approval of world.approvals.store.all().filter(({ status }) => status === 'pending')) {
    const resolution_data = asTheOthers(approval);
    const decided = { type: 'decided', verdict: 'approved', groups: [], resolution_data, rules: world.rules } as const;
    for (const by of ['erin', 'frank', 'bob', 'carol', 'gil']) await tellApproval(world, approval, { ...decided, by });
  }
}

/** Several people approve the same, as the record shows it. */
function asTheOthers({ pause_type, decisions, resolution_data }: Approval): ResolutionData | null {
  if (decisions.some(({ verdict }) => verdict === 'approved')) return resolution_data;
  return pause_type === 'user_input' ? { values: { hours: 1 } } : null;
}

/** A person says what came of an execution, which counts when nobody else knows. */
export async function settle(world: World, id: string): Promise<void> {
  const outcome = world.dice.one('succeeded', 'failed');
  const settled: ExecutionMessage = { type: 'settled', by: 'grace', outcome, note: 'I looked.' };
  const again = !world.isFair && world.dice.oneIn(4);
  if (again) world.ledger.allowedAgain(id);
  const message: ExecutionMessage = again
    ? { type: 'retried', by: 'grace', note: 'It does no harm.', even_if_done: true }
    : settled;
  const handled = await world.executions.aggregate.execute(id, message).catch(unlessOutOfReach);
  if (handled?.kind !== 'changed') return;
  if (again) world.ledger.retriedBy(id);
  else world.ledger.settledBy(id);
}

/** Somebody would like an execution to be stopped. */
export async function stop(world: World): Promise<void> {
  const execution = world.dice.pick(world.executions.store.all());
  const message: ExecutionMessage = { type: 'cancel_requested', by: 'grace', reason: 'Not today.' };
  if (execution) await world.executions.aggregate.execute(execution.id, message).catch(unlessOutOfReach);
}

export async function settleAll(world: World): Promise<void> {
  for (const { id, status } of world.executions.store.all()) if (status === 'outcome_unknown') await settle(world, id);
}

/** Whoever started a run resolves calls of it: theirs, or such as they may not. */
export async function resolve(world: World): Promise<void> {
  const { dice, runs } = world;
  const run = dice.pick(runs.store.all().filter(({ status }) => !isFinishedStatus(status) || dice.oneIn(20)));
  if (!run) return;
  const calls = run.calls.filter(({ tool_execution }) => tool_execution.approval_type === null || dice.oneIn(20));
  const chosen = calls.filter(({ state }) => (state === 'asked' ? dice.oneIn(2) : dice.oneIn(20)));
  await tell(
    world,
    run,
    chosen.map((call) => resolutionOf(world, call)),
  );
}

function resolutionOf({ dice }: World, { id }: Call): Resolution {
  return dice.weighted<Resolution>([
    [3, { id, confirmed: true, values: { hours: dice.one(1, 2) }, result: 'done by the caller' }],
    [1, { id, confirmed: true }],
    [1, { id, values: { hours: dice.one(1, 2) } }],
    [1, { id, result: 'done by the caller' }],
    [1, { id, confirmed: false, note: 'Not now.' }],
    [1, { id }],
  ]);
}

async function tell(world: World, run: Run, resolutions: readonly Resolution[]): Promise<void> {
  if (resolutions.length === 0) return;
  world.ledger.resolvedByCaller(resolutions);
  const message: RunMessage = { type: 'resolved_by_caller', resolutions };
  const handled = await tellRun(world, run.run_id, message).catch(unlessOutOfReach);
  world.trace(`  resolves ${JSON.stringify(resolutions)}: ${handled ? outcomeOf(handled) : 'no answer'}`);
}

/** Every caller lets every call through that waits for them. */
export async function resolveAll(world: World): Promise<void> {
  for (const run of world.runs.store.all().filter(({ status }) => !isFinishedStatus(status))) {
    const theirs = run.calls.filter(
      ({ state, tool_execution }) => state === 'asked' && tool_execution.approval_type === null,
    );
    const resolutions = theirs.map(({ id }) => ({ id, confirmed: true, values: { hours: 1 }, result: 'done' }));
    await tell(world, run, resolutions);
  }
}

/** Somebody gives up, or only looks on. */
export async function interfere(world: World): Promise<void> {
  const { dice, runs } = world;
  const run = dice.pick(runs.store.all());
  const message = dice.weighted<RunMessage>([
    [2, { type: 'cancel_requested', reason: dice.one(null, 'not needed') }],
    [1, { type: 'turn_came' }],
    [1, { type: 'watched' }],
  ]);
  if (!run) return;
  const handled = await tellRun(world, run.run_id, message).catch(unlessOutOfReach);
  world.trace(`  ${run.run_id} ${message.type}: ${handled ? outcomeOf(handled) : 'no answer'}`);
}
