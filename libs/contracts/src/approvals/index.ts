export { agreedOn } from './agreed-on.js';
export {
  Approval,
  ApprovalStatus,
  Comment,
  Decision,
  DecisionBasis,
  ResolutionData,
  SeenDigest,
  DecisionVerdict,
  approvalDigest,
  redactApproval,
} from './approval.js';
export { PossiblyExecuted } from './possibly-executed.js';
export { possiblyExecutedText } from './possibly-executed-text.js';
export { Grant, GrantBasis } from './grant.js';
export {
  ApprovalCount,
  ApprovalPage,
  ApprovalStats,
  ApprovalStatsQuery,
  ApprovalStatusView,
  BreakGlassRequest,
  BulkResolveOutcome,
  BulkResolveRequest,
  type BulkResult,
  CommentRequest,
  CountApprovalsQuery,
  GrantPage,
  ListApprovalsQuery,
  ListGrantsQuery,
  ResolveApprovalRequest,
} from './http.js';
export { countedAs, isMember, isStanding, standingApprovals } from './standing-decisions.js';
export { DecisionKind, GrantTerms, RequireTerms, Ruling, plainGrantTerms, plainRequireTerms } from './terms.js';
