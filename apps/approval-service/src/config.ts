import { processSettings, serviceSettings } from '@countersign/service';
import { requestVerifyingSettings, resultVerifyingSettings, signingSettings } from '@countersign/signing';
import { z } from 'zod';

export const approvalServiceSettings = {
  ...signingSettings,
  ...requestVerifyingSettings,
  ...resultVerifyingSettings,
};

const upstream = z.url({ protocol: /^https?$/ }).optional();

export const ApprovalServiceConfig = z.object({
  ...serviceSettings,
  ...approvalServiceSettings,
  AGENT_RUNNER_URL: upstream.meta({
    description:
      'Where requests for `/agents`, `/runs` and `/sessions` are forwarded to, so that people need one address.',
    unset: 'not forwarded; embedded: one process serves all',
    example: 'http://agent-runner:4001',
  }),
  EXECUTOR_URL: upstream.meta({
    description: 'Where requests for `/executions` are forwarded to.',
    unset: 'not forwarded; embedded: one process serves all',
    example: 'http://executor:4003',
  }),
  AUDIT_URL: upstream.meta({
    description: 'Where requests for `/audit` are forwarded to.',
    unset: 'not forwarded; embedded: one process serves all',
    example: 'http://audit:4004',
  }),
  ...processSettings('countersign-approval-service', 4002),
});
export type ApprovalServiceConfig = z.infer<typeof ApprovalServiceConfig>;
