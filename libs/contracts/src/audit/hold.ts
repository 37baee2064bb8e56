import { z } from 'zod';
import { Subject } from '../auth/subject.js';
import { Id, stored } from '../fields/fields.js';
import { pageOf, pageQuery } from '../fields/page.js';
import { EpochSeconds } from '../time/epoch.js';

const Reason = z.string().trim().min(1).max(2_000);

/** What a hold is on; all that is said has to be so, and of nothing said everything is held. */
const scope = {
  run_id: Id.nullable().default(null).meta({ description: 'One run; null: any.' }),
  actor: Subject.nullable().default(null).meta({ description: 'Runs in which somebody is named; null: anybody.' }),
  tool_name: Id.nullable().default(null).meta({ description: 'Runs with calls of a tool; null: any.' }),
};

export const PlaceHoldRequest = z.strictObject({ ...scope, reason: Reason });
export const ReleaseHoldRequest = z.strictObject({ reason: Reason });

/** Keeps what it is on from being removed from the record, however old that is. */
export const LegalHold = z
  .object({
    id: Id,
    status: z.enum(['in_force', 'released']),
    run_id: Id.nullable(),
    actor: z.string().nullable(),
    tool_name: Id.nullable(),
    reason: z.string(),
    by: Id.nullable(),
    released_at: EpochSeconds.nullable(),
    released_by: Id.nullable(),
    release_reason: z.string().nullable(),
    ...stored,
  })
  .meta({ id: 'LegalHold' });
export type LegalHold = z.infer<typeof LegalHold>;

export const ListHoldsQuery = z.object({ status: LegalHold.shape.status.optional(), ...pageQuery });
export const LegalHoldPage = pageOf(LegalHold);
