export { approvalService } from './approval-service.js';
export { decideApproval, type ApprovalMessage } from './approval.js';
export type { Terms } from './asked.js';
export { ApprovalServiceConfig, approvalServiceSettings } from './config.js';
export { APPROVALS } from './tokens.js';
