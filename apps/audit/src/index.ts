export { auditService } from './audit-service.js';
export { AuditConfig, auditSettings } from './config.js';
