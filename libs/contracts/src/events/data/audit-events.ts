import { z } from 'zod';
import { Id } from '../../fields/fields.js';

export const AuditRecorded = z.object({
  index: z.int().nonnegative().meta({ description: 'Its place in the record, from 0.' }),
  key: z.string().meta({ description: 'The run it is about, or the tool where there is no run.' }),
  sequence: z.int().positive().meta({ description: 'Its place among the entries of this key, from 1, without a gap.' }),
  type: z.string().meta({ description: 'The event that is on record.' }),
  leaf_hash: z.string().meta({ description: 'SHA-256 of a zero byte and the entry, in base64 (RFC 9162).' }),
  leaf: z
    .string()
    .nullable()
    .meta({ description: 'The entry, to the byte; null of a large one: `GET /audit/entries` has it.' }),
});

const hold_id = Id;
const by = Id.nullable();
export const AuditHoldPlaced = z.object({
  hold_id,
  run_id: Id.nullable().meta({ description: 'The run that it is on; null: any.' }),
  actor: z.string().nullable().meta({ description: 'Who is named in the runs that it is on; null: anybody.' }),
  tool_name: Id.nullable().meta({ description: 'The tool of the runs that it is on; null: any.' }),
  reason: z.string(),
  by,
});

export const AuditHoldReleased = z.object({ hold_id, reason: z.string(), by });

export const AuditCheckpointSigned = z.object({
  origin: Id.meta({ description: 'Which log: the name of its key.' }),
  size: z.int().nonnegative(),
  root: z.string().meta({ description: 'In base64.' }),
  note: z.string().meta({ description: 'All of it as a signed note (C2SP tlog-checkpoint).' }),
});
