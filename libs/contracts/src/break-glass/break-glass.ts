import { z } from 'zod';
import { Id } from '../fields/fields.js';
import { EpochSeconds } from '../time/epoch.js';

const words = z.string().trim().min(1).max(10_000);

/** One person approved in an emergency, past those whom the rules ask for; a rule named their group for it. */
export const BreakGlass = z.object({
  by: Id,
  at: EpochSeconds,
  group: Id.meta({ description: 'Of those that the rule names, the one by which they may.' }),
  reason: words,
});
export type BreakGlass = z.infer<typeof BreakGlass>;

/** What somebody else said who looked at it afterwards. */
export const GlassReview = z.object({ by: Id, at: EpochSeconds, text: words });
export type GlassReview = z.infer<typeof GlassReview>;

export const ReviewStatus = z.enum(['open', 'closed']);

export const ReviewRequest = z.object({ text: words });
export const BreakGlassReason = words;
