import { z } from 'zod';
import { EpochSeconds } from '../time/epoch.js';

/** A copy of embedded data, on the machine of the server. */
export const Backup = z
  .object({
    directory: z.string().meta({ description: 'Where it is: a `DATA_DIR` to start from, see docs/operations.md.' }),
    bytes: z.int().nonnegative(),
    created_at: EpochSeconds,
  })
  .meta({ id: 'Backup' });
export type Backup = z.infer<typeof Backup>;
