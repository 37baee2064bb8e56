export type { Adapter } from './adapters/adapter.js';
export { ExecutorConfig, executorSettings } from './config.js';
export { decideExecution, type ExecutionMessage } from './execution/execution.js';
export { executorService, type ExecutorOptions } from './executor-service.js';
export { ResultSigner } from './results/result-signer.js';
