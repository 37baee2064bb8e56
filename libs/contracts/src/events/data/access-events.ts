import { z } from 'zod';
import { ApiKeyView } from '../../auth/http.js';
import { Id } from '../../fields/fields.js';

/** Everything of a key but what would let somebody use it. */
export const KeyCreated = z.object({
  key_id: Id,
  ...ApiKeyView.pick({ name: true, subject: true, roles: true, groups: true, expires_at: true }).shape,
});

export const KeyRevoked = z.object({ key_id: Id, subject: Id });

export const DeadLetterSettled = z.object({
  dead_letter_id: Id,
  topic: z.string(),
  partition: z.int().nonnegative(),
  offset: z.string(),
  group: z.string().meta({ description: 'The consumer group that could not handle it.' }),
  outcome: z.enum(['replayed', 'discarded']),
  note: z.string().nullable(),
});
