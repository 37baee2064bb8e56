import { z } from 'zod';
import { EpochSeconds } from '../time/epoch.js';

/**
 * Why a call may have been made already, by records that a restore of the store has lost, or that were removed by their age. A person decides on it then,
 * whatever rules and grants say.
 */
export const PossiblyExecuted = z.object({
  code: z.enum(['recovering', 'set_back']).meta({
    description:
      '`recovering`: the recovery of the store is not finished. `set_back`: its run began before that, or so long ago that records of then are removed.',
  }),
  since: EpochSeconds.meta({ description: 'Approvals of people from before do not count.' }),
});
export type PossiblyExecuted = z.infer<typeof PossiblyExecuted>;
