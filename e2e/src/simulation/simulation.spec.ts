import fc from 'fast-check';
import { describe, it } from 'vitest';
import { judgement, seeds } from './story.fixtures.js';
import { tell } from './story.js';

/** Each run of the tests plays other stories. */
const numRuns = 3_000;

/**
 * The real state machines, in a world without a real clock, disk or network: what is published is delivered late, again
 * and in any order that the log allows, processes die or stall between any two of their steps, replies of the store are
 * lost, the model says anything, and people do what they like. What must hold is checked at every commit (`invariants/*`)
 * and at every call that is made (`ledger.ts`).
 */
describe('the three services, whatever happens to them,', () => {
  it('make each call once and only as it was let through, and every run ends', { timeout: 200_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(judgement, seeds, (judgement, seeds) => tell({ judgement, seeds })),
      { numRuns },
    );
  });
});
