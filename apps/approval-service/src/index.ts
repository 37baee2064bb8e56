export { approvalService } from './approval-service.js';
export { ApprovalServiceConfig, approvalServiceSettings } from './config.js';
