import { readConfig, runMain, serve } from '@countersign/service';
import { ExecutorConfig } from './config.js';
import { executorService } from './executor-service.js';

await runMain('executor', async () => {
  const config = readConfig(ExecutorConfig, process.env);
  return serve(config, [executorService(config, { environment: process.env })]);
});
