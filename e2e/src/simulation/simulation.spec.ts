import { unjudged, type Judgement } from '@countersign/approval-service';
import { isFinishedStatus, plainTerms } from '@countersign/contracts';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { Dice } from './dice.js';
import { checkNobodyIsForgotten, checkNothingIsLeft, checkTheEnd } from './invariants.end.js';
import { decideAll, requestRun, resolveAll, settleAll } from './people.js';
import { attendToAll, deliverAll, finishAll, oneStep } from './steps.js';
import { World } from './world.js';

/** About half a minute's worth on two cores. */
const numRuns = 6_000;
/** A run may ask the model eight times, and each turn may take people and executors a few rounds. */
const enoughRounds = 60;

const judgement = fc
  .record({
    count: fc.constantFrom(1, 1, 2),
    expires_in: fc.constantFrom(null, null, 20),
    policy: fc.constantFrom(null, { version: 'f00d', rule: null, outcome: 'require' as const }),
  })
  .map(({ count, expires_in, policy }): Judgement => {
    const approvers = [{ group: null, count, members: null }];
    return { ...unjudged, policy, terms: { ...plainTerms, approvers, expires_in } };
  });
/** The seed of each step. What does not matter for a failure is left out; another seed would be another story. */
const seeds = fc.array(fc.noShrink(fc.nat()), { maxLength: 600, size: 'max' });

/**
 * The real state machines, in a world without a real clock, disk or network: what is published is delivered late, again
 * and in any order that the log allows, processes die or stall between any two of their steps, replies of the store are
 * lost, the model says anything, and people do what they like. What must hold is checked at every commit (`invariants.*`)
 * and at every call that is made (`ledger.ts`).
 */
describe('the three services, whatever happens to them,', () => {
  it('make each call once and only as it was let through, and every run ends', { timeout: 200_000 }, async () => {
    await fc.assert(fc.asyncProperty(judgement, seeds, tell), { numRuns });
  });
});

/** One story, from its first request to its end. @throws what went wrong, and what happened before. */
async function tell(judgement: Judgement, seeds: readonly number[]): Promise<void> {
  const told: string[] = [];
  const world = new World({ judgement, trace: (line) => told.push(line) });
  try {
    await begin(world);
    for (const seed of seeds) {
      world.dice = new Dice(seed);
      await oneStep(world);
    }
    await becomeFair(world);
  } catch (error) {
    throw new Error([String(error), 'This happened before:', ...told].join('\n'), { cause: error });
  }
}

async function begin(world: World): Promise<void> {
  world.isFair = true;
  await requestRun(world);
  world.isFair = false;
}

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
  for (let round = 0; round < enoughRounds && !isQuiet(world); round++) {
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
