import { processSettings, serviceSettings } from '@countersign/service';
import { requestSigningSettings, resultVerifyingSettings, verifyingSettings } from '@countersign/signing';
import { z } from 'zod';

export const agentRunnerSettings = {
  ...verifyingSettings,
  ...resultVerifyingSettings,
  ...requestSigningSettings,
  OPENAI_API_KEY: z.string().optional().meta({
    description: 'API key at the model provider.',
    unset: 'the scripted model, unless `OPENAI_BASE_URL` is set',
    example: 'sk-…',
    secret: true,
  }),
  OPENAI_BASE_URL: z.url().optional().meta({
    description: 'A server that speaks the API of `MODEL_API`; with `AZURE_OPENAI_API_VERSION` the Azure resource.',
    unset: 'OpenAI',
    example: 'http://127.0.0.1:11434/v1',
  }),
  MODEL_API: z.enum(['responses', 'chat_completions']).default('responses').meta({
    description:
      'Which API of OpenAI the server speaks. `chat_completions` is what most other servers and gateways do; reasoning is not handed back over it.',
    example: 'chat_completions',
  }),
  AZURE_OPENAI_API_VERSION: z.string().min(1).optional().meta({
    description:
      'The dated API version of an Azure OpenAI resource, whose address is `OPENAI_BASE_URL` and whose deployment is the model. The v1 API of Azure needs it not: its address ends with `/openai/v1`.',
    unset: 'not a dated API of Azure',
    example: '2025-04-01-preview',
  }),
  MODEL: z.string().default('gpt-5-mini').meta({ description: 'Id of the model at the provider.', example: 'gpt-5' }),
  MODEL_TIMEOUT_SECONDS: z.coerce.number().positive().max(3_600).default(120).brand<'Seconds'>().meta({
    description: 'Timeout of one model call, which is then retried.',
    unit: 'seconds',
    example: '300',
  }),
  RUNNER_CONCURRENCY: z.coerce.number().int().min(1).max(10_000).default(256).meta({
    description: 'Runs that one instance works on at once; nearly all of that time is waiting for a model.',
    unit: 'runs',
    example: '64',
  }),
  RESEND_AFTER_SECONDS: z.coerce.number().positive().max(86_400).default(600).brand<'Seconds'>().meta({
    description:
      'After this time without an event, a paused run sends its requests again, and a finished one asks for the outcomes of its open calls; then with exponential backoff. It recovers messages that Kafka accepted and lost.',
    unit: 'seconds',
    example: '300',
  }),
  RUN_COMMANDS: z.enum(['trusted', 'signed']).default('signed').meta({
    description:
      '`signed`: `run.requested` and `run.cancel_requested` need a token that says who sends them. `trusted`: any producer on the topics can start and cancel runs for any user.',
    example: 'trusted',
  }),
  MCP_WAIT_SECONDS: z.coerce.number().min(0).max(3_600).default(45).brand<'Seconds'>().meta({
    description:
      'How long a call over the Model Context Protocol waits for people before its answer says to check later. Most clients give up after 60; those that reset their time-out on progress can wait longer.',
    unit: 'seconds',
    example: '600',
  }),
  RUNNER_QUEUE_LIMIT: z.coerce.number().int().min(1).max(1_000_000).default(10_000).meta({
    description: 'Runs that may wait for a worker, on all instances together; further HTTP requests for runs get 429.',
    unit: 'runs',
    example: '2000',
  }),
  RUNNER_QUEUE_LIMIT_PER_USER: z.coerce.number().int().min(1).max(1_000_000).default(1_000).meta({
    description: 'Runs of one user that may wait. Users take turns in any case.',
    unit: 'runs',
    example: '100',
  }),
};

export const AgentRunnerConfig = z.object({
  ...serviceSettings,
  ...agentRunnerSettings,
  ...processSettings('countersign-agent-runner', 4001),
});
export type AgentRunnerConfig = z.infer<typeof AgentRunnerConfig>;
