import { agentRunnerSettings } from '@countersign/agent-runner';
import { approvalServiceSettings } from '@countersign/approval-service';
import { executorSettings } from '@countersign/executor';
import { portSetting, serviceSettings } from '@countersign/service';
import { z } from 'zod';

/** Everything that the three services can be told, on one port. */
export const StandaloneConfig = z.object({
  ...serviceSettings,
  ...agentRunnerSettings,
  ...approvalServiceSettings,
  ...executorSettings,
  PORT: portSetting(4000),
});
