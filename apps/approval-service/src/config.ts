import { portSetting, serviceSettings } from '@countersign/service';
import { requestVerifyingSettings, signingSettings } from '@countersign/signing';
import { z } from 'zod';

export const approvalServiceSettings = {
  ...signingSettings,
  ...requestVerifyingSettings,
  APPROVAL_EXPIRES_SECONDS: z.coerce
    .number()
    .int()
    .positive()
    .optional()
    .meta({ description: 'How long a decision may take. Unset: for as long as it takes.' }),
};

const upstream = z.url({ protocol: /^https?$/ }).optional();

export const ApprovalServiceConfig = z.object({
  ...serviceSettings,
  ...approvalServiceSettings,
  AGENT_RUNNER_URL: upstream.meta({
    description: 'Where /agents, /runs and /sessions are handed on to, so that the inbox finds them. Unset: nowhere.',
  }),
  EXECUTOR_URL: upstream.meta({ description: 'Where /executions is handed on to. Unset: nowhere.' }),
  PORT: portSetting(4002),
});
export type ApprovalServiceConfig = z.infer<typeof ApprovalServiceConfig>;
