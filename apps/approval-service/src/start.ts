import type { Environment } from '@countersign/service/environment';
import { readConfig, runMain, serve } from '@countersign/service';
import { approvalService } from './approval-service.js';
import { ApprovalServiceConfig } from './config.js';

export const start = (environment: Environment): Promise<void> =>
  runMain('approval-service', async () => {
    const config = readConfig(ApprovalServiceConfig, environment);
    return serve(config, [approvalService(config, { environment })]);
  });
