import type { Environment } from '@countersign/service/environment';
import { readConfig, runMain, serve } from '@countersign/service';
import { AuditConfig } from './config.js';
import { auditService } from './audit-service.js';

export const start = (environment: Environment): Promise<void> =>
  runMain('audit', async () => {
    const config = readConfig(AuditConfig, environment);
    return serve(config, [auditService(config)]);
  });
