import { agentRunnerSettings } from '@countersign/agent-runner';
import { approvalServiceSettings } from '@countersign/approval-service';
import { executorSettings } from '@countersign/executor';
import { portSetting, serviceSettings } from '@countersign/service';
import { z } from 'zod';

/** The settings of the three services, on one port. */
export const StandaloneConfig = z.object({
  ...serviceSettings,
  ...agentRunnerSettings,
  ...approvalServiceSettings,
  ...executorSettings,
  PORT: portSetting(4000),
});
