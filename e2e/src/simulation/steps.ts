import type { ActingService, Event } from '@countersign/contracts';
import { isFinishedStatus } from '@countersign/contracts/runs';
import { after } from '@countersign/contracts/time';
import { approvalsHandle, attendToApproval } from './approvals.js';
import { nameDeputy, takeBack } from './deputies.js';
import type { Lane } from './event-log.js';
import { agent } from './model.js';
import { attendToExecution, executorHandles, restartExecutor } from './executors.js';
import { decide, interfere, requestRun, resolve, settle, stop } from './people.js';
import { attendToRun, restartRunner, runnerHandles, unlessOutOfReach } from './runners.js';
import type { Steps, World } from './world.js';

const handlers: Record<ActingService, (world: World, event: Event) => Steps> = {
  'agent-runner': runnerHandles,
  'approval-service': approvalsHandle,
  executor: executorHandles,
};

/** What a service does with an event; one that does not verify is a dead letter, whose reason is only told. */
async function* handle(world: World, service: ActingService, event: Event): Steps {
  const problem = await world.links?.problemWith(service, event, world.now);
  if (problem !== undefined) return world.trace(`  ${event.id} to the dead letters of ${service}: ${problem}`);
  yield* handlers[service](world, event);
}

/** Something that may happen next. */
export type Step = (world: World) => void | Promise<void>;

const mostRuns = 3;

const publish: Step = (world) => {
  const [store, id] = world.dice.pick(waitingToBePublished(world)) ?? [];
  if (store) world.publish(store, id!, 1 + world.dice.below(3), world.dice.oneIn(10));
};
const waitingToBePublished = (world: World) =>
  world.stores.flatMap((store) => [...store.unpublished.keys()].map((id) => [store, id] as const));

const deliver: Step = (world) => {
  const lane = world.dice.pick(world.log.ready());
  if (lane) begin(world, lane);
};

function begin(world: World, lane: Lane): void {
  const event = lane.events[lane.position]!;
  const after = lane.position + 1;
  const handled = async function* (): Steps {
    yield* handle(world, lane.service, event);
    lane.position = Math.min(after, lane.events.length);
  };
  lane.busy = true;
  world.trace(`  ${event.id} ${event.type} to ${lane.service}`);
  world.spawn(lane.service, `delivery of ${event.id}`, handled(), () => (lane.busy = false));
}

const deliverAgain: Step = (world) => {
  const { service, event } = world.log.handled(world.dice) ?? {};
  if (event) world.spawn(service!, `delivery of ${event.id} again`, handle(world, service!, event));
};
const rewind: Step = (world) => world.trace(`  ${world.log.rewind(world.dice)}`);

const goOn: Step = async (world) => {
  const process = world.dice.pick(world.processes);
  if (!process) return;
  world.trace(`  ${process.name}`);
  await world.advance(process);
};
const die: Step = (world) => {
  const process = world.dice.pick(world.processes);
  if (!process) return;
  world.trace(`  ${process.name} is gone`);
  world.drop(process);
};
const restart: Step = (world) => world.dice.one(restartRunner, restartExecutor)(world).catch(unlessOutOfReach);

const poll: Step = (world) => {
  const { dice, now, runs, approvals, executions } = world;
  const run = dice.pick(runs.store.due(now));
  const approval = dice.pick(approvals.store.due(now));
  const execution = dice.pick(executions.store.due(now));
  if (run) attendToRun(world, run);
  if (approval) attendToApproval(world, approval);
  if (execution) attendToExecution(world, execution);
};

const timePasses: Step = (world) => {
  world.now = after(world.now, world.dice.one(10, 1_000, 1_000, 6_000, 31_000));
};

const request: Step = async (world) => {
  if (world.runs.store.records.size < mostRuns) await requestRun(world).catch(unlessOutOfReach);
};
const settleOne: Step = async (world) => {
  const execution = world.dice.pick(
    world.executions.store.all().filter(({ status }) => status === 'outcome_unknown' || world.dice.oneIn(20)),
  );
  if (execution) await settle(world, execution.id);
};

/** Something that was published is gone. */
export const lose: Step = (world) =>
  world.trace(`  ${world.dice.oneIn(2) ? world.log.loseUnread(world.dice) : world.log.loseSuffix(world.dice)}`);

/** The clock of the store is set. */
export const clockJumps: Step = (world) => {
  world.now = after(world.now, world.dice.one(-hourMs, -60_000, 60_000, hourMs, 30 * hourMs));
};
const hourMs = 3_600_000;

/** Every run that has heard nothing for a while asks again. */
export async function resendAll(world: World): Promise<void> {
  for (const { run_id, status } of world.runs.store.all()) {
    const message = { type: 'resend_due', agent: isFinishedStatus(status) ? null : agent, afterMs: 1_000 } as const;
    await world.runs.aggregate.execute(run_id, message);
  }
}

const steps: readonly (readonly [weight: number, Step])[] = [
  [60, goOn],
  [20, publish],
  [20, deliver],
  [8, poll],
  [8, decide],
  [6, resolve],
  [3, nameDeputy],
  [0.5, takeBack],
  [4, timePasses],
  [2, settleOne],
  [8, deliverAgain],
  [3, die],
  [1, rewind],
  [1, request],
  [0.5, interfere],
  [0.3, stop],
  [1, restart],
];

/** One thing happens, whatever the world's dice say. @param more what can happen besides */
export async function oneStep(world: World, more: readonly (readonly [weight: number, Step])[] = []): Promise<void> {
  const step = world.dice.weighted([...steps, ...more]);
  world.trace(`${new Date(world.now).toISOString().slice(11, 23)} ${step.name}`);
  await step(world);
}

/** Publishes and delivers all there is. */
export async function deliverAll(world: World): Promise<void> {
  for (;;) {
    const deliveries = world.processes.filter(({ name }) => name.startsWith('delivery'));
    for (const process of deliveries) await world.advance(process);
    for (const [store, id] of waitingToBePublished(world)) world.publish(store, id, Infinity);
    const ready = world.log.ready();
    for (const lane of ready) begin(world, lane);
    if (deliveries.length === 0 && ready.length === 0) return;
  }
}

/** Lets all that is under way come to its end. */
export async function finishAll(world: World): Promise<void> {
  for (let rounds = 0; world.processes.length > 0; rounds++) {
    if (rounds > 1_000) throw new Error(`never done: ${world.processes.map(({ name }) => name).join(', ')}`);
    for (const process of world.processes) await world.advance(process);
  }
}

/** Everything due is seen to. */
export function attendToAll(world: World): void {
  for (const run of world.runs.store.due(world.now)) attendToRun(world, run);
  for (const approval of world.approvals.store.due(world.now)) attendToApproval(world, approval);
  for (const execution of world.executions.store.due(world.now)) attendToExecution(world, execution);
}
