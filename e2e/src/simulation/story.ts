import { isFinishedStatus } from '@countersign/contracts/runs';
import { after } from '@countersign/contracts/time';
import { Dice } from './dice.js';
import { checkNobodyIsForgotten, checkNothingIsLeft, checkTheEnd } from './invariants/end.js';
import { decideAll, requestRun, resolveAll, settleAll } from './people.js';
import { resendAll, attendToAll, deliverAll, finishAll, oneStep, type Step } from './steps.js';
import { World, type WorldOptions } from './world.js';

/** A run may ask the model eight times, and each turn may take people and executors a few rounds. */
const enoughRounds = 60;

export interface Story extends Omit<WorldOptions, 'trace'> {
  /** Of each step. */
  seeds: readonly number[];
  /** What may happen besides. */
  more?: readonly (readonly [weight: number, Step])[];
  /** Looks at how it ended. */
  check?(world: World): void;
}

/** One story, from its first request to its end. @throws what went wrong, and what happened before. */
export async function tell({ seeds, more, check, ...options }: Story): Promise<void> {
  const told: string[] = [];
  const world = new World({ ...options, trace: (line) => told.push(line) });
  try {
    await begin(world);
    for (const seed of seeds) {
      world.dice = new Dice(seed);
      await oneStep(world, more);
    }
    await becomeFair(world);
    check?.(world);
  } catch (error) {
    throw new Error([String(error), 'This happened before:', ...told].join('\n'), { cause: error });
  }
}

async function begin(world: World): Promise<void> {
  world.isFair = true;
  await requestRun(world);
  world.isFair = false;
}

const isQuiet = ({ approvals, log, runs, processes, executions }: World): boolean =>
  processes.length === 0 &&
  approvals.store.all().every(({ status }) => status !== 'pending') &&
  runs.store.all().every(({ status, unsettled }) => isFinishedStatus(status) && !(unsettled && log.hasLost)) &&
  executions.store.all().every(({ due_at, status }) => due_at === null && status !== 'outcome_unknown');

/** From now on everybody does what is waited for, so nothing may stay undone. */
async function becomeFair(world: World): Promise<void> {
  world.trace('it is fair from now on');
  world.isFair = true;
  world.dice = new Dice(1);
  world.now = world.farthest;
  await deliverAll(world);
  if (!world.log.hasLost) {
    checkNobodyIsForgotten(world);
    for (const run of world.runs.store.all()) if (isFinishedStatus(run.status)) checkNothingIsLeft(world, run);
  }
  for (let round = 0; round < enoughRounds && !isQuiet(world); round++) {
    attendToAll(world);
    await finishAll(world);
    await deliverAll(world);
    await settleAll(world);
    await decideAll(world);
    await resolveAll(world);
    await deliverAll(world);
    // Whoever asks again does so after twice as long each time.
    const isLater = world.log.hasLost && round % 4 === 3;
    world.now = after(world.now, isLater ? Math.max(31_000, world.now - world.begun) : 31_000);
    if (world.log.hasLost) await resendAll(world);
  }
  checkTheEnd(world);
}
