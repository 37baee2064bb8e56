export { approvalService, type ApprovalServiceOptions } from './approval-service.js';
export { decideApproval, type ApprovalMessage } from './approval.js';
export { unjudged, type Judgement } from './asked.js';
export { ApprovalServiceConfig, approvalServiceSettings } from './config.js';
export { rulesOf, type Rules } from './rules.js';
export { APPROVALS } from './tokens.js';
export { approvalCollection } from './approval-service.js';
export { Signer } from './signer.js';
