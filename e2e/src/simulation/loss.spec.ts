import fc from 'fast-check';
import { describe, it } from 'vitest';
import { backUpExecutor, restoreExecutorStore } from './executors.js';
import { judgement, seeds } from './story.fixtures.js';
import { clockJumps, lose } from './steps.js';
import { tell } from './story.js';

const numRuns = 400;

describe('the three services, when the log loses what was published and clocks are set,', () => {
  it(
    'ask a person what may have been done, when the store of the executor is restored',
    { timeout: 100_000 },
    async () => {
      const more = [
        [2, backUpExecutor],
        [1, restoreExecutorStore],
      ] as const;
      await fc.assert(
        fc.asyncProperty(judgement, seeds, (judgement, seeds) => tell({ judgement, seeds, more })),
        { numRuns },
      );
    },
  );

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
