import { z } from 'zod';
import { ApiKeyView } from '../../auth/http.js';
import { Delegation } from '../../delegations/delegation.js';
import { Id } from '../../fields/fields.js';
import { EpochSeconds } from '../../time/epoch.js';

/** Everything of a key but what would let somebody use it. */
export const KeyCreated = z.object({
  key_id: Id,
  ...ApiKeyView.pick({ name: true, subject: true, roles: true, groups: true, expires_at: true }).shape,
});

export const KeyRevoked = z.object({ key_id: Id, subject: Id });

const Address = z.string().max(100).nullable().meta({ description: 'The address that the request came from.' });

const deputy = {
  delegation_id: Id,
  ...Delegation.pick({ delegator: true, deputy: true, approval_id: true }).shape,
};

export const Delegated = z.object({
  ...deputy,
  ...Delegation.pick({ begins_at: true, ends_at: true, reason: true }).shape,
});

export const DelegationRevoked = z.object({ ...deputy, by: Id });

export const SignedIn = z.object({
  session_id: Id,
  subject: Id,
  ...ApiKeyView.pick({ roles: true, groups: true }).shape,
  by: z.enum(['key', 'link']).meta({ description: 'What was shown: a key, or a link that works once.' }),
  key_id: Id.nullable().meta({ description: 'The key whose end ends the session, too.' }),
  address: Address,
  expires_at: EpochSeconds,
});

export const SignedOut = z.object({ session_id: Id, subject: Id, address: Address });

export const AccessRefused = z.object({
  code: z.string().max(100).meta({ description: 'Why, as the HTTP API answers it: see problems.md.' }),
  method: z.string().max(20).nullable(),
  route: z.string().max(500).nullable().meta({ description: 'As it is declared, without what was put into it.' }),
  address: Address,
  run_id: Id.nullable(),
  approval_id: Id.nullable(),
  tool_name: z.string().nullable(),
  times: z
    .int()
    .positive()
    .meta({ description: 'Up to a limit each is an event; those beyond it are one event a minute later.' }),
});

export const AccessUsed = z.object({
  method: z.string().max(20),
  route: z.string().max(500).meta({ description: 'As it is declared, without what was put into it.' }),
  object: z.string().max(200).nullable().meta({ description: 'The id in its path, of what it is about.' }),
});

export const DeadLetterSettled = z.object({
  dead_letter_id: Id,
  topic: z.string(),
  partition: z.int().nonnegative(),
  offset: z.string(),
  group: z.string().meta({ description: 'The consumer group that could not handle it.' }),
  outcome: z.enum(['replayed', 'discarded']),
  note: z.string().nullable(),
});
