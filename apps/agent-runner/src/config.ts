import { portSetting, serviceSettings } from '@countersign/service';
import { requestSigningSettings, resultVerifyingSettings, verifyingSettings } from '@countersign/signing';
import { z } from 'zod';

export const agentRunnerSettings = {
  ...verifyingSettings,
  ...resultVerifyingSettings,
  ...requestSigningSettings,
  OPENAI_API_KEY: z
    .string()
    .optional()
    .meta({ description: 'Unset, and no base URL either: the scripted model.', secret: true }),
  OPENAI_BASE_URL: z.url().optional().meta({ description: 'Any server that speaks the Responses API.' }),
  MODEL: z.string().default('gpt-5-mini').meta({ description: 'Model id at the provider.' }),
  MODEL_TIMEOUT_SECONDS: z.coerce.number().positive().max(3_600).default(120).meta({ description: 'For one answer.' }),
  RUNNER_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .meta({ description: 'Runs worked on at once; nearly all of that is waiting for a model.' }),
  RUN_COMMANDS: z.enum(['trusted', 'signed']).default('signed').meta({
    description:
      'signed: `run.requested` and `run.cancel_requested` need a token that says who sends them. trusted: whoever may write to the topics may start and cancel runs, for anybody.',
  }),
  RUNNER_QUEUE_LIMIT: z.coerce.number().int().min(1).max(1_000_000).default(10_000).meta({
    description: 'Runs that may wait for a worker, of all instances, before HTTP requests for more are refused.',
  }),
  RUNNER_QUEUE_LIMIT_PER_USER: z.coerce.number().int().min(1).max(1_000_000).default(1_000).meta({
    description: 'The same of one user. Users take turns in any case.',
  }),
};

export const AgentRunnerConfig = z.object({ ...serviceSettings, ...agentRunnerSettings, PORT: portSetting(4001) });
export type AgentRunnerConfig = z.infer<typeof AgentRunnerConfig>;
