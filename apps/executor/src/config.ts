import { portSetting, serviceSettings } from '@countersign/service';
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
    .meta({ description: 'Calls made at once.' }),
  EXECUTION_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .max(86_400)
    .default(600)
    .meta({ description: 'For one call.' }),
  EXECUTION_OUTPUT_CHARACTERS: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000_000)
    .default(1_000_000)
    .meta({ description: 'Of what one attempt prints, so many characters are kept.' }),
  PATH: z.string().default('').meta({ description: 'Where the programs are found that calls run.' }),
  DEPLOY_TARGET_DIR: z.string().optional().meta({
    description:
      'Where deployments are written: {{settings.deploy_target_dir}} of commands. Unset: deployments, in DATA_DIR.',
  }),
};

export const ExecutorConfig = z.object({ ...serviceSettings, ...executorSettings, PORT: portSetting(4003) });
export type ExecutorConfig = z.infer<typeof ExecutorConfig>;
