import { z } from 'zod';
import { Id } from '../fields/fields.js';
import { EpochMillis } from '../time/epoch.js';

const Count = z.int().nonnegative();
const CountInQuery = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const Base64 = z.string().meta({ description: 'In base64.' });

/** An event as it is on record. */
export const AuditEntry = z
  .object({
    index: Count.meta({ description: 'Its place in the record, from 0.' }),
    leaf_hash: Base64,
    recorded_at: EpochMillis,
    leaf: z.string().nullable().meta({
      description: 'The entry as JSON, to the byte: what the hash is of; null: it was removed, and its place is left.',
    }),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof AuditEntry>;

export const ListAuditEntriesQuery = z.object({
  run_id: Id.optional(),
  actor: Id.optional().meta({ description: 'Who did it.' }),
  tool_name: Id.optional(),
  type: z.string().max(100).optional().meta({ description: 'The name of an event.' }),
  since: z.iso.datetime().optional().meta({ description: 'Not earlier than this time, in UTC.' }),
  until: z.iso.datetime().optional().meta({ description: 'Earlier than this time, in UTC.' }),
  after: z.coerce.number().int().min(-1).default(-1).meta({
    description: 'Entries behind this index; `next` of the page before.',
  }),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
export type ListAuditEntriesQuery = z.infer<typeof ListAuditEntriesQuery>;

export const AuditExportFormat = z.enum(['ndjson', 'ocsf', 'cef']).meta({
  description: 'Entries as they are, a line each; events of OCSF 1.8.0; or lines of the Common Event Format.',
});
export type AuditExportFormat = z.infer<typeof AuditExportFormat>;

export const ExportAuditEntriesQuery = ListAuditEntriesQuery.extend({ format: AuditExportFormat.default('ndjson') });

export const AuditEntryPage = z.object({
  data: z.array(AuditEntry),
  next: Count.nullable().meta({ description: 'What comes after this page: `after` of the next; null on the last.' }),
});

export const SignedCheckpoint = z
  .object({
    origin: z.string(),
    size: Count,
    root: Base64,
    note: z.string().meta({ description: 'A signed note: C2SP tlog-checkpoint.' }),
  })
  .meta({ id: 'SignedCheckpoint' });
export type SignedCheckpoint = z.infer<typeof SignedCheckpoint>;

export const AuditKey = z
  .object({ origin: z.string(), key: z.string().meta({ description: 'A verifier key: C2SP signed-note.' }) })
  .meta({ id: 'AuditKey' });

export const InclusionQuery = z.object({
  index: CountInQuery,
  size: CountInQuery.optional().meta({ description: 'Of the tree; default: of the whole record.' }),
});
export const InclusionProof = z
  .object({ index: Count, size: Count, leaf_hash: Base64, proof: z.array(Base64) })
  .meta({ id: 'InclusionProof' });

export const ConsistencyQuery = z.object({ from: CountInQuery, to: CountInQuery.optional() });
export const ConsistencyProof = z
  .object({ from: Count, to: Count, proof: z.array(Base64) })
  .meta({ id: 'ConsistencyProof' });

export const EvidenceQuery = z.object({ run_id: Id });

/** How the record is. */
export const AuditHealth = z
  .object({
    size: Count,
    published: Count.meta({ description: 'Entries that were published as `audit.recorded`.' }),
    checkpoint: Count.meta({ description: 'The size of the last checkpoint.' }),
    duplicates: Count.meta({ description: 'Messages of this instance that were on record already, since it started.' }),
    conflicts: Count.meta({ description: 'Events of this instance with the id of another one and other contents.' }),
    unreadable: Count.meta({
      description: 'Messages of this instance that are no event; what is known of each is on record.',
    }),
    late: Count.meta({ description: 'Events of this instance that were recorded a minute or more after their time.' }),
    missing: Count.meta({
      description:
        'Events that others name, or whose number is left out, as this instance has seen, and that are not on record after a minute; several numbers one after the other count once.',
    }),
    repeated: Count.meta({
      description:
        'Numbers that two events of one record have, as this instance has seen: of a store that was restored, or of events that somebody made up.',
    }),
    findings: z
      .array(z.object({ what: z.enum(['missing', 'repeated']), event: z.string() }))
      .meta({ description: 'Which: ids of events, or `<record>#<number>` and `<record>#<from>-<to>`; 100 at most.' }),
    is_whole: z.boolean().meta({
      description: 'Whether the last checkpoint is of what is stored: false after entries were lost or changed.',
    }),
  })
  .meta({ id: 'AuditHealth' });
export type AuditHealth = z.infer<typeof AuditHealth>;
