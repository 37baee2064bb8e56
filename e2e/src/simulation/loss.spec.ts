import fc from 'fast-check';
import { describe, it } from 'vitest';
import { restores } from './restores.js';
import { judgement, seeds } from './story.fixtures.js';
import { clockJumps, lose } from './steps.js';
import { tell } from './story.js';

const numRuns = 400;

describe('the three services, when the log loses what was published and clocks are set,', () => {
  it('ask a person what may have been done, when stores go back in time', { timeout: 100_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(judgement, seeds, (judgement, seeds) => tell({ judgement, seeds, more: restores() })),
      { numRuns },
    );
  });

  it('do the same: whoever waits asks again, also a run that is over', { timeout: 100_000 }, async () => {
    const more = [
      [4, lose],
      [0.5, clockJumps],
    ] as const;
    await fc.assert(
      fc.asyncProperty(judgement, seeds, (judgement, seeds) => tell({ judgement, seeds, more })),
      { numRuns },
    );
  });
});
