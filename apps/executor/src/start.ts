import type { Environment } from '@countersign/service/environment';
import { readConfig, runMain, serve } from '@countersign/service';
import { ExecutorConfig } from './config.js';
import { executorService } from './executor-service.js';

export const start = (environment: Environment): Promise<void> =>
  runMain('executor', async () => {
    const config = readConfig(ExecutorConfig, environment);
    return serve(config, [executorService(config, { environment })]);
  });
