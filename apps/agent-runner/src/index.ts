export { agentRunner, modelFor, type AgentRunnerOptions } from './agent-runner.js';
export { AgentRunnerConfig, agentRunnerSettings } from './config.js';
export type { Model } from './model.js';
export { decideRun, type RunMessage } from './run.js';
export { Runner } from './runner.js';
export { RequestSigner } from './request-signer.js';
