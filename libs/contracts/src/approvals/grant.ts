import { z } from 'zod';
import { CallArguments } from '../calls/call-arguments.js';
import { Id, stored } from '../fields/fields.js';
import { Risk } from '../presentation/presentation.js';
import { EpochSeconds } from '../time/epoch.js';
import { RequireTerms } from './terms.js';

/** A giver of a grant, and when. */
const Giver = z.object({ by: Id, at: EpochSeconds });

/** On what a decision rests that a standing grant made: enough to count once more whether it holds. */
export const GrantBasis = z.object({
  id: Id,
  given_by: z.array(Giver),
  required_approvals: z.int().positive().meta({ description: 'How many people had to give it.' }),
  expires_at: EpochSeconds,
});
export type GrantBasis = z.infer<typeof GrantBasis>;

/** Lets the same agent call the same tool without asking, until a deadline and so many times. */
export const Grant = z
  .object({
    id: Id,
    run_id: Id,
    approval_id: Id.meta({ description: 'The approval that created it.' }),
    agent_id: Id,
    tool_name: Id,
    arguments: CallArguments.meta({ description: 'What a call must have; redacted values are not shown.' }),
    covers: z.enum(['exact', 'chosen']).meta({
      description: 'exact: a call has these arguments and no others. chosen: it may have others besides.',
    }),
    given_by: z.array(Giver).meta({ description: 'All who approved it.' }),
    created_by: Id.nullable(),
    rule: z.string().nullable().meta({ description: 'The rule under which it was created; null: the default.' }),
    risk: Risk.default('low').meta({ description: 'Of the call that was approved; it covers none of a higher one.' }),
    terms: RequireTerms.meta({ description: 'It counts only where the rules ask for nothing stricter.' }),
    expires_at: EpochSeconds,
    max_uses: z.int().positive(),
    uses: z.array(z.object({ approval_id: Id, at: EpochSeconds })),
    revoked_at: EpochSeconds.nullable(),
    revoked_by: Id.nullable(),
    ...stored,
  })
  .meta({ id: 'Grant' });
export type Grant = z.infer<typeof Grant>;
