export type { Adapter } from './adapters/adapter.js';
export { ExecutorConfig, executorSettings } from './config.js';
export { decideExecution } from './execution/execution.js';
export type { ExecutionMessage } from './execution/messages.js';
export { executorService, type ExecutorOptions } from './executor-service.js';
export { ResultSigner } from './results/result-signer.js';
