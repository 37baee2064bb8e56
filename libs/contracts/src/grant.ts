import { z } from 'zod';
import { CallArguments } from './call-arguments.js';
import { EpochSeconds, Id, stored } from './fields.js';

/** Lets the same agent call the same tool without asking, until a deadline. */
export const Grant = z
  .object({
    id: Id,
    run_id: Id,
    approval_id: Id.meta({ description: 'The approval with which it was given.' }),
    agent_id: Id,
    tool_name: Id,
    arguments: CallArguments.meta({ description: 'What a call must have; it may have others besides.' }),
    expires_at: EpochSeconds,
    created_by: Id.nullable(),
    revoked_at: EpochSeconds.nullable(),
    revoked_by: Id.nullable(),
    uses: z.array(z.object({ approval_id: Id, at: EpochSeconds })).meta({ description: 'The latest.' }),
    ...stored,
  })
  .meta({ id: 'Grant' });
export type Grant = z.infer<typeof Grant>;
