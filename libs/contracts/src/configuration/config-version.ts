import { z } from 'zod';
import { Id, stored } from '../fields/fields.js';

/** One place at which two versions differ. What was and is there is in their texts, which not everybody may read. */
export const ConfigChange = z.object({
  path: z.string().meta({ description: 'Such as `tools.deploy.approval`: what has an id or a name is named by it.' }),
  kind: z.enum(['added', 'removed', 'changed']),
});
export type ConfigChange = z.infer<typeof ConfigChange>;

export const configVersionFields = {
  number: z.int().positive().meta({ description: 'Counts the versions of this installation, from 1, without a gap.' }),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description: 'SHA-256 of the text of the file, in hexadecimal.' }),
  rules_version: z.string().meta({ description: 'What approvals name as the `version` of their `policy`.' }),
  previous: z.string().nullable().meta({ description: 'The digest of what was in force before; null of the first.' }),
  trigger: z
    .enum(['start', 'signal', 'request'])
    .meta({ description: 'Whether a start, a SIGHUP or `POST /config/reload` put it in force.' }),
  changes: z
    .array(ConfigChange)
    .meta({ description: 'What it declares otherwise; of the first nothing, of many the first.' }),
  changes_total: z.int().nonnegative(),
};

/** A text of `countersign.yaml` that was put in force for all instances of all services; without the text. */
export const ConfigVersionView = z
  .object({
    id: Id,
    ...configVersionFields,
    by: z.string().nullable().meta({ description: 'Who requested it; null: nobody, as at a start.' }),
    ...stored,
  })
  .meta({ id: 'ConfigVersionView' });
export type ConfigVersionView = z.infer<typeof ConfigVersionView>;

/** The same with the text. */
export const ConfigVersion = z
  .object({ ...ConfigVersionView.shape, text: z.string().meta({ description: 'The file, to the byte.' }) })
  .meta({ id: 'ConfigVersion' });
export type ConfigVersion = z.infer<typeof ConfigVersion>;

/** The event of one version has at most so many. */
export const mostConfigChanges = 200;

export const ReloadConfigRequest = z.strictObject({
  dry_run: z.boolean().default(false).meta({ description: 'Says what would come of it, and changes nothing.' }),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .meta({ description: 'SHA-256 of the file that was looked at, in hexadecimal; another is refused.' }),
});

/** What an activation came to, or would. */
export const ReloadedConfig = z
  .object({
    outcome: z
      .enum(['activated', 'unchanged', 'would_activate'])
      .meta({ description: '`unchanged`: the file is what is in force.' }),
    number: z.int().nonnegative().meta({ description: 'Of the version in force now.' }),
    digest: z.string().meta({ description: 'Of the file.' }),
    changes: z.array(ConfigChange),
    changes_total: z.int().nonnegative(),
    pending: z
      .object({ stricter: z.int().nonnegative(), rejected: z.int().nonnegative(), looked_at: z.int().nonnegative() })
      .meta({ description: 'What waits, by what the rules of the file make of it.' }),
  })
  .meta({ id: 'ReloadedConfig' });
export type ReloadedConfig = z.infer<typeof ReloadedConfig>;
