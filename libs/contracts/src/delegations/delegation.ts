import { z } from 'zod';
import { longestDelegationDays } from './in-force.js';
import { Subject } from '../auth/subject.js';
import { Id, stored } from '../fields/fields.js';
import { pageOf, pageQuery } from '../fields/page.js';
import { EpochSeconds } from '../time/epoch.js';

const Reason = z.string().trim().min(1).max(1_000);

/** Somebody decides in place of another for a while, where the rules of a call let them. */
export const Delegation = z
  .object({
    id: Id,
    delegator: Id.meta({ description: 'In whose place: whoever named the deputy.' }),
    deputy: Id,
    approval_id: Id.nullable().meta({ description: 'Of this approval alone; null: of all.' }),
    reason: z.string().nullable(),
    begins_at: EpochSeconds,
    ends_at: EpochSeconds,
    key_id: Id.nullable().meta({ description: 'The key that the delegator had shown: it ends with that, too.' }),
    revoked_at: EpochSeconds.nullable(),
    revoked_by: Id.nullable(),
    ...stored,
  })
  .meta({ id: 'Delegation' });
export type Delegation = z.infer<typeof Delegation>;

export const DelegationPage = pageOf(Delegation);

/** Whoever sends it is the delegator. */
export const DelegateRequest = z.object({
  deputy: Subject,
  ends_at: EpochSeconds.meta({
    description: `Seconds since 1970: when the deputy stops, at most ${longestDelegationDays} days from now.`,
  }),
  begins_at: EpochSeconds.optional().meta({ description: 'Seconds since 1970. Unset: now.' }),
  approval_id: Id.optional().meta({ description: 'Of this approval alone. Unset: of all.' }),
  reason: Reason.optional(),
});
export type DelegateRequest = z.infer<typeof DelegateRequest>;

export const ListDelegationsQuery = z.object({
  delegator: Subject.optional().meta({ description: 'Whoever is no administrator sees their own alone.' }),
  deputy: Subject.optional(),
  ...pageQuery,
});
