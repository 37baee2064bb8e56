import { agentRunner, agentRunnerSettings, modelFor, type Model } from '@countersign/agent-runner';
import { approvalService, approvalServiceSettings } from '@countersign/approval-service';
import type { ActingService } from '@countersign/contracts';
import { executorService, executorSettings, type Adapter } from '@countersign/executor';
import { processSettings, readConfig, serviceSettings, type Service, type ServiceContext } from '@countersign/service';
import { z } from 'zod';

/** What every measured run is about. */
export const input = 'Deploy the auth-service version 2.1.0 to production.';
export const toolCallId = 'call_0';

const Config = z.object({
  ...serviceSettings,
  ...agentRunnerSettings,
  ...approvalServiceSettings,
  ...executorSettings,
  ...processSettings('countersign', 0),
});
export type Config = z.infer<typeof Config>;

/** As shipped, with pools that are no smaller than the largest load. */
export const configFor = (env: Record<string, string>): Config =>
  readConfig(Config, { LOG_LEVEL: 'warn', RUNNER_CONCURRENCY: '128', EXECUTOR_CONCURRENCY: '128', ...env });

/** The deployment takes no time, so that what is measured is Countersign. */
const noDeployment: Adapter = {
  async execute({ tool_args }, watch) {
    await watch.lastLook();
    return { outcome: 'succeeded', result: `deployed ${JSON.stringify(tool_args)}` };
  },
};

export type CreateService = (context: ServiceContext) => Service;

export function createServices(
  config: Config,
  model: Model = modelFor(config),
): Readonly<Record<ActingService, CreateService>> {
  return {
    'agent-runner': agentRunner(config, { model }),
    'approval-service': approvalService(config),
    executor: executorService(config, { adapters: { deploy_to_production: noDeployment } }),
  };
}
