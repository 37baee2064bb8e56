export { approvalService, type ApprovalServiceOptions } from './approval-service.js';
export { decideApproval } from './approval/approval.js';
export type { ApprovalMessage } from './approval/messages.js';
export { unjudged, type PolicyDecision } from './approval/approval-request.js';
export { ApprovalServiceConfig, approvalServiceSettings } from './config.js';
export { rulesOf, type Rules } from './policy/rules.js';
export { APPROVALS } from './tokens.js';
export { approvalCollection } from './lists/approval-collection.js';
export { Signer } from './decisions/signer.js';
