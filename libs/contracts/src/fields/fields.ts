import { z } from 'zod';
import { longestId } from './longest-id.js';
import { Traceparent, Tracestate } from '../trace/trace-context.js';
import { EpochMillis, EpochSeconds } from '../time/epoch.js';

/** Ids are opaque to everyone but their maker; the limit keeps them usable as keys. */
export const Id = z.string().min(1).max(longestId);
/** Who sent the request of a run, apart from the user for whom it is. */
export const RequestedBy = Id.nullable().default(null).meta({
  description:
    'The authenticated sender of the request, which may be for another user (`user_id`); null: unauthenticated.',
});
/** Whose turn it is when this may go on: users share permits; without a user, the sender of the request. */
export const QueueOwner = z.string().default('').meta({
  description: 'Who takes turns with others for places: the user for whom it is, or else who sent the request.',
});
export const queueOwner = (user: string | null, requestedBy: string | null): string => user ?? requestedBy ?? '';
/** What makes the digest of a call with redacted arguments one that cannot be guessed; it goes where they go in clear. */
export const Salt = z.string().max(200).nullable().default(null).meta({
  description: 'Part of the digest of a call with redacted arguments; shown only where these are.',
});
export const JsonObject = z.record(z.string(), z.unknown());

/** Who works on a record, and until when no one else may. */
export const Lease = z.object({ worker: Id, expires_at: EpochMillis });
export type Lease = z.infer<typeof Lease>;

/** What every stored record has besides its own fields. */
export const stored = {
  version: z.int().nonnegative().meta({ description: 'Counts the transitions of this record.' }),
  sequence: z.int().nonnegative().optional().meta({
    description: 'The number of its last event; not there before its first one that has a number.',
  }),
  due_at: EpochMillis.nullable().meta({ description: 'When this record is next due without a message.' }),
  traceparent: Traceparent.nullable(),
  tracestate: Tracestate.nullable().default(null),
  created_at: EpochSeconds,
  updated_at: EpochSeconds,
};
