export { agentRunner, modelFor } from './agent-runner.js';
export { AgentRunnerConfig, agentRunnerSettings } from './config.js';
export type { Model } from './model.js';
export { Runner } from './runner.js';
