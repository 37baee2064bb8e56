import { isFinishedStatus } from '@countersign/contracts';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { Dice } from './dice.js';
import { checkNobodyIsForgotten, checkNothingIsLeft, checkTheEnd } from './invariants.end.js';
import { decideAll, requestRun, resolveAll, settleAll } from './people.js';
import { attendToAll, deliverAll, finishAll, oneStep } from './steps.js';
import { World } from './world.js';

const numRuns = 2_000;
/** A run may ask the model eight times, and each turn may take people and executors a few rounds. */
const enoughRounds = 60;

const terms = fc.record({ required_approvals: fc.constantFrom(1, 1, 2), expires_in: fc.constantFrom(null, null, 20) });
/** A throw of the dice for each step. Left out is what does not matter; another throw would be another story. */
const throws = fc.array(fc.noShrink(fc.nat()), { maxLength: 600, size: 'max' });

describe('the three services, whatever happens to them,', () => {
  it('make each call once and only as it was let through, and every run ends', { timeout: 100_000 }, async () => {
    const property = fc.asyncProperty(terms, throws, fc.context(), async (terms, throws, context) => {
      const world = new World({ terms, trace: (line) => context.log(line) });
      world.isFair = true;
      await requestRun(world);
      world.isFair = false;
      for (const seed of throws) {
        world.dice = new Dice(seed);
        await oneStep(world);
      }
      await becomeFair(world);
    });
    await fc.assert(property, { numRuns });
  });
});

const isQuiet = ({ runs, processes, executions }: World): boolean =>
  processes.length === 0 &&
  runs.store.all().every(({ status }) => isFinishedStatus(status)) &&
  executions.store.all().every(({ due_at, status }) => due_at === null && status !== 'outcome_unknown');

/** From now on everybody does what is waited for, so nothing may stay undone. */
async function becomeFair(world: World): Promise<void> {
  world.trace('it is fair from now on');
  world.isFair = true;
  world.dice = new Dice(1);
  await deliverAll(world);
  checkNobodyIsForgotten(world);
  for (const run of world.runs.store.all()) if (isFinishedStatus(run.status)) checkNothingIsLeft(world, run);
  for (let round = 0; !isQuiet(world); round++) {
    if (round === enoughRounds) break;
    attendToAll(world);
    await finishAll(world);
    await deliverAll(world);
    await settleAll(world);
    await decideAll(world);
    await resolveAll(world);
    await deliverAll(world);
    world.now += 31_000;
  }
  checkTheEnd(world);
}
