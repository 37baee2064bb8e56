import { readConfig, runMain, serve } from '@countersign/service';
import { agentRunner } from './agent-runner.js';
import { AgentRunnerConfig } from './config.js';

await runMain('agent-runner', async () => {
  const config = readConfig(AgentRunnerConfig, process.env);
  return serve(config, [agentRunner(config, { environment: process.env })]);
});
