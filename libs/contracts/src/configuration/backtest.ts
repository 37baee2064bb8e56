import { z } from 'zod';
import { Id } from '../fields/fields.js';
import { EpochSeconds } from '../time/epoch.js';

/** Calls that a report names at most. */
export const mostOtherwise = 500;

export const BacktestRequest = z.strictObject({
  text: z.string().min(1).max(500_000).meta({ description: 'A whole countersign.yaml, with the rules to try.' }),
  days: z.int().min(1).max(90).default(30).meta({ description: 'How far back.' }),
});

/** From the query of a URL. */
export const ShadowQuery = z.object({
  days: z.coerce.number().int().min(1).max(90).default(30).meta({ description: 'How far back.' }),
});

const TriedRuling = z.object({
  outcome: z.enum(['require', 'approve', 'reject']),
  rule: z.string().nullable().meta({ description: 'null: the default.' }),
  approvals: z.int().nullable().meta({ description: 'How many people have to approve; null: none, or not on record.' }),
});
export type TriedRuling = z.infer<typeof TriedRuling>;

/** What other rules would have made of the calls that were asked for; nothing is decided by it. */
export const BacktestReport = z
  .object({
    total: z.int().nonnegative().meta({ description: 'Calls that were looked at, the newest first.' }),
    is_complete: z.boolean().meta({ description: 'Whether these are all of that time.' }),
    otherwise_total: z.int().nonnegative(),
    laxer_total: z.int().nonnegative().meta({ description: 'Of how many less would be asked.' }),
    otherwise: z
      .array(
        z.object({
          id: Id.meta({ description: 'Of the approval.' }),
          call: z.string().meta({ description: 'Its title, for people.' }),
          created_at: EpochSeconds,
          then: TriedRuling,
          now: TriedRuling,
          is_laxer: z.boolean(),
        }),
      )
      .meta({ description: `The newest, at most ${mostOtherwise}.` }),
  })
  .meta({ id: 'BacktestReport' });
export type BacktestReport = z.infer<typeof BacktestReport>;
