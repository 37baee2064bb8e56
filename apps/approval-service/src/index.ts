export { approvalService } from './approval-service.js';
export type { ApprovalMessage } from './approval.js';
export { ApprovalServiceConfig, approvalServiceSettings } from './config.js';
export { APPROVALS } from './tokens.js';
