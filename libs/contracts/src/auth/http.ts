import { z } from 'zod';
import { Id, stored } from '../fields/fields.js';
import { EpochSeconds } from '../time/epoch.js';

export const Role = z.enum(['viewer', 'requester', 'approver', 'operator', 'admin']);
export type Role = z.infer<typeof Role>;

export const Scope = z.enum([
  'approvals:read',
  'approvals:write',
  'approvals:delete',
  'runs:read',
  'runs:write',
  'executions:read',
  'executions:write',
  'events:read',
  'events:write',
  'audit:read',
  'audit:write',
  'metrics:read',
  'keys:write',
  'backups:write',
  'config:write',
]);
export type Scope = z.infer<typeof Scope>;

export const SignInRequest = z.object({ key: z.string().min(1).max(1000) });

/** Who asks, as the server knows them. */
export const Me = z
  .object({
    subject: z.string(),
    display_name: z.string().meta({ description: 'The subject as entered, for display, never compared.' }),
    roles: z.array(Role),
    groups: z.array(z.string()),
    scopes: z.array(Scope),
    csrf_token: z
      .string()
      .nullable()
      .meta({ description: 'For the header x-csrf-token of requests that change something; null without a session.' }),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof Me>;

/** A key as the API shows it. */
export const ApiKeyView = z.object({
  id: Id,
  name: z.string().min(1).max(200),
  subject: Id.meta({ description: 'Who it speaks for, in the spelling that is compared.' }),
  display_name: z.string().nullable().default(null).meta({ description: 'As entered, for display, never compared.' }),
  roles: z.array(Role),
  groups: z.array(Id),
  expires_at: EpochSeconds.nullable(),
  revoked_at: EpochSeconds.nullable(),
  ...stored,
});
export type ApiKeyView = z.infer<typeof ApiKeyView>;

export const CreatedApiKey = z.object({
  key: z.string().meta({ description: 'Shown this once.' }),
  record: ApiKeyView,
});
export type CreatedApiKey = z.infer<typeof CreatedApiKey>;

/** With what a command over the bus says who sends it. */
export const CommandToken = z.object({ token: z.string(), expires_in: z.int() });
export type CommandToken = z.infer<typeof CommandToken>;
