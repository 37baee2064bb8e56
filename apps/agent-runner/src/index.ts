export { agentRunner, modelFor, type AgentRunnerOptions } from './agent-runner.js';
export { AgentRunnerConfig, agentRunnerSettings } from './config.js';
export type { Model } from './model/model.js';
export type { RunMessage } from './run/messages.js';
export { decideRun } from './run/run.js';
export { RunDispatcher } from './dispatch/run-dispatcher.js';
export { RequestSigner } from './dispatch/request-signer.js';
