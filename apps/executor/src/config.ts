import { processSettings, serviceSettings } from '@countersign/service';
import { requestVerifyingSettings, resultSigningSettings, verifyingSettings } from '@countersign/signing';
import { z } from 'zod';

export const executorSettings = {
  ...verifyingSettings,
  ...resultSigningSettings,
  ...requestVerifyingSettings,
  EXECUTOR_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(8)
    .meta({ description: 'Calls that one instance makes at once.', unit: 'calls', example: '32' }),
  EXECUTION_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .max(86_400)
    .default(600)
    .brand<'Seconds'>()
    .meta({ description: 'Timeout of a call whose tool sets no `timeout`.', unit: 'seconds', example: '1800' }),
  EXECUTION_OUTPUT_CHARACTERS: z.coerce.number().int().min(0).max(100_000_000).default(1_000_000).meta({
    description: 'How much of what one attempt prints is kept.',
    unit: 'characters',
    example: '100000',
  }),
  EXECUTION_HOLD: z.string().min(1).max(1_000).optional().meta({
    description:
      'Why no approved call begins, whatever the kill switches in the store say; they wait. Set it before a store is restored: see docs/operations.md.',
    unset: 'the kill switches in the store decide',
    example: 'restore of 27 November',
  }),
  PATH: z.string().default('').meta({
    description: 'Where the programs of `command` tools are found.',
    unset: 'no program is found by its name',
    example: '/usr/local/bin:/usr/bin:/bin',
  }),
};

export const ExecutorConfig = z.object({
  ...serviceSettings,
  ...executorSettings,
  ...processSettings('countersign-executor', 4003),
});
export type ExecutorConfig = z.infer<typeof ExecutorConfig>;
