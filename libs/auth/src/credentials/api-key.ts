import { longestId } from '@countersign/contracts';
import { ApiKeyView, Role, Subject } from '@countersign/contracts/auth';
import type { EpochSeconds } from '@countersign/contracts/time';
import type { Collection } from '@countersign/persistence';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Identity } from '../principal.js';
import { isReserved } from './reserved.js';
import { newSecret } from './secret.js';

/** A key as it is stored: enough to recognise it, not enough to use it. */
export const ApiKey = ApiKeyView.extend({
  secret_hash: z.string().meta({ description: 'SHA-256 of the secret, as hex.' }),
});
export type ApiKey = z.infer<typeof ApiKey>;

export const NewApiKey = z.object({
  name: ApiKey.shape.name,
  subject: z
    .string()
    .min(1)
    .max(longestId)
    .superRefine((text, context) => {
      for (const { message } of Subject.safeParse(text).error?.issues ?? [])
        context.addIssue({ code: 'custom', message });
      if (isReserved(text))
        context.addIssue({
          code: 'custom',
          message: "is the name of this installation's own administrator: take another",
        });
    })
    .meta({ description: 'Who it speaks for. Case, and white space around it, make no difference.' }),
  roles: z.array(Role).min(1),
  groups: z.array(Subject).max(100).default([]),
  expires_in: z
    .int()
    .positive()
    .max(10 * 365 * 86_400)
    .nullable()
    .default(null)
    .meta({ description: 'Seconds; null for a key that lasts until it is revoked.' }),
});
/** Without the optional fields: no groups, and no end. */
export type NewApiKey = z.input<typeof NewApiKey>;

export const apiKeys: Collection<ApiKey> = { name: 'api_keys', key: 'id', indexes: [['-created_at']] };

/** `cs_<id>_<secret>`. The id finds the record, so it needs no secrecy; the secret may have `_` in it, the id has none. */
const format = /^cs_([0-9a-f]{16})_([\w-]{43})$/;

export interface KeyText {
  id: string;
  secret: string;
}

export const newKeyText = (): KeyText => ({ id: randomBytes(8).toString('hex'), secret: newSecret() });

export const writeKey = ({ id, secret }: KeyText): string => `cs_${id}_${secret}`;

export function readKey(text: string): KeyText | undefined {
  const [, id, secret] = format.exec(text) ?? [];
  return id !== undefined && secret !== undefined ? { id, secret } : undefined;
}

/** Whoever a key speaks for, which key it is, and until when it works (seconds; null for ever). */
export type ApiKeyHolder = Identity & { key_id: string; expires_at: EpochSeconds | null };
