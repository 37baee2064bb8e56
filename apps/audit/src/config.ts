import { processSettings, serviceSettings } from '@countersign/service';
import { requestVerifyingSettings, resultVerifyingSettings, verifyingSettings } from '@countersign/signing';
import { auditSigningSettings } from '@countersign/signing/checkpoints';
import { z } from 'zod';

const { REQUEST_VERIFICATION_KEYS } = requestVerifyingSettings;

export const auditSettings = {
  ...auditSigningSettings,
  ...verifyingSettings,
  ...resultVerifyingSettings,
  REQUEST_VERIFICATION_KEYS,
  AUDIT_LOG_NAME: z
    .string()
    .regex(/^[^\s+\p{Cc}]{1,200}$/u, 'must be a name without white space and plus signs')
    .default('countersign/audit')
    .meta({
      description:
        'The name of the record, which its checkpoints and its key begin with: one that no other record has, such as an address of yours without `https://`.',
      example: 'audit.example.com/production',
    }),
  AUDIT_CHECKPOINT_SECONDS: z.coerce.number().positive().max(86_400).default(5).brand<'Seconds'>().meta({
    description: 'How often a checkpoint is signed, while there is something new.',
    unit: 'seconds',
    example: '60',
  }),
  AUDIT_RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).optional().meta({
    description:
      'How long entries are kept after the last one of their run. Their hashes stay, and so do rules, versions of the configuration, and what is under a legal hold.',
    unit: 'days',
    unset: 'kept for good',
    example: '3650',
  }),
  AUDIT_CHECKPOINT_FILE: z.string().min(1).optional().meta({
    description:
      'A file to which each checkpoint is added as a line of JSON. It is worth something where the service cannot change what it has written.',
    example: '/mnt/worm/checkpoints.ndjson',
    unset: 'kept nowhere else',
  }),
  AUDIT_CHECKPOINT_WEBHOOK: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description: 'Where each checkpoint is POSTed to as JSON. It proves itself, so the request is not signed.',
      example: 'https://notary.example.org/checkpoints',
      unset: 'kept nowhere else',
    }),
};

export const AuditConfig = z.object({
  ...serviceSettings,
  ...auditSettings,
  ...processSettings('countersign-audit', 4004),
});
export type AuditConfig = z.infer<typeof AuditConfig>;
