import { agentRunnerSettings } from '@countersign/agent-runner';
import { approvalServiceSettings } from '@countersign/approval-service';
import { auditSettings } from '@countersign/audit';
import { executorSettings } from '@countersign/executor';
import { processSettings, serviceSettings } from '@countersign/service';
import { z } from 'zod';

/** The settings of the four services, on one port. */
export const StandaloneConfig = z.object({
  ...serviceSettings,
  ...agentRunnerSettings,
  ...approvalServiceSettings,
  ...executorSettings,
  ...auditSettings,
  ...processSettings('countersign', 4000),
});
