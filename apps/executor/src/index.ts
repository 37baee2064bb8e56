export type { Adapter } from './adapter.js';
export { ExecutorConfig, executorSettings } from './config.js';
export { decideExecution, type ExecutionMessage } from './execution.js';
export { executorService, type ExecutorOptions } from './executor-service.js';
export { ResultSigner } from './result-signer.js';
