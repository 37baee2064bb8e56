export { approvalService, type ApprovalServiceOptions } from './approval-service.js';
export { decideApproval, type ApprovalMessage } from './approval/approval.js';
export { unjudged, type PolicyDecision } from './approval/approval-request.js';
export { ApprovalServiceConfig, approvalServiceSettings } from './config.js';
export { rulesOf, type Rules } from './policy/rules.js';
export { APPROVALS } from './tokens.js';
export { approvalCollection } from './approval-service.js';
export { Signer } from './approval/signer.js';
