import type { Environment } from '@countersign/service/environment';
import { readConfig, runMain, serve } from '@countersign/service';
import { agentRunner } from './agent-runner.js';
import { AgentRunnerConfig } from './config.js';

export const start = (environment: Environment): Promise<void> =>
  runMain('agent-runner', async () => {
    const config = readConfig(AgentRunnerConfig, environment);
    return serve(config, [agentRunner(config, { environment })]);
  });
