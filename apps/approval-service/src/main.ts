import { readConfig, runMain, serve } from '@countersign/service';
import { approvalService } from './approval-service.js';
import { ApprovalServiceConfig } from './config.js';

await runMain('approval-service', async () => {
  const config = readConfig(ApprovalServiceConfig, process.env);
  return serve(config, [approvalService(config, { environment: process.env })]);
});
