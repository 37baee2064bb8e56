export type { Adapter } from './adapter.js';
export { ExecutorConfig, executorSettings } from './config.js';
export { executorService } from './executor-service.js';
