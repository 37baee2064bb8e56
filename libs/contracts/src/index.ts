export { agreedOn } from './decision/agreed-on.js';
export { callDigest } from './decision/digest.js';
export { type Binding, type ExactCall, exactText } from './decision/exact-call.js';
export { isMember, isStanding, standingApprovals } from './decision/standing-decisions.js';
export { ConfigError, RetryableError, TerminalError } from './errors.js';
export {
  type EventData,
  type EventName,
  type EventsTo,
  type ServiceName,
  catalogue,
  eventNames,
  eventsTo,
  isEventName,
  services,
} from './events/catalogue.js';
export type { HiddenArguments, Redaction } from './events/event-redaction.js';
export { type Event, type NewEvent, emit, eventSource, parseEventData } from './events/event.js';
export { approvalId, derivedId, eventId, isMadeHere, versionIn } from './events/ids.js';
export { eventJsonSchema, eventJsonSchemas } from './events/json-schemas.js';
export {
  ApprovalCount,
  ApprovalPage,
  ApprovalStats,
  ApprovalStatsQuery,
  ApprovalStatusView,
  BulkResolveOutcome,
  BulkResolveRequest,
  type BulkResult,
  CommentRequest,
  CountApprovalsQuery,
  GrantPage,
  ListApprovalsQuery,
  ListGrantsQuery,
  ResolveApprovalRequest,
} from './http/approvals.js';
export { ApiKeyView, CommandToken, CreatedApiKey, Me, Role, Scope, SignInRequest } from './http/auth.js';
export { DeliveryPage, ListDeliveriesQuery } from './http/deliveries.js';
export {
  DeadLetter,
  DeadLetterPage,
  DeadLetterStatus,
  DeadLetterSummary,
  EventList,
  FollowEventsQuery,
  ListDeadLettersQuery,
  ListEventsQuery,
  LoggedEvent,
  DeadLetterNoteRequest,
} from './http/events.js';
export {
  CancelExecutionRequest,
  ExecutionOutput,
  ExecutionOutputQuery,
  ExecutionPage,
  ListExecutionsQuery,
  PauseRequest,
  ReportExecutionRequest,
  ResumeRequest,
  RetryExecutionRequest,
  ResolveUnknownRequest,
  Switch,
  Switches,
} from './http/executions.js';
export { RunEvent } from './http/run-events.js';
export {
  AgentOutput,
  CancelRunRequest,
  ContinueRunRequest,
  GetRunQuery,
  ListRunsQuery,
  ListSessionsQuery,
  RunPage,
  SessionPage,
  SessionRunsQuery,
  StartRunQuery,
  StartRunRequest,
} from './http/runs.js';
export { canonicalJson } from './json/canonical-json.js';
export { isExactNumber } from './json/exact-number.js';
export {
  type StrictJson,
  type StrictJsonCode,
  type StrictJsonOptions,
  type StrictJsonProblem,
  maxDepth,
  parseStrictJson,
} from './json/strict-json.js';
export type { Log } from './log.js';
export { type ProblemCode, problems } from './problems/catalogue.js';
export type { CommandRefusal } from './problems/command-refusals.js';
export type { DeadLetterCode } from './problems/dead-letter-codes.js';
export { Hint, type HintAction, hintActionNames, hintActions } from './problems/hints.js';
export { ProblemError } from './problems/problem-error.js';
export { Problem, hintOf, problemOf } from './problems/problem.js';
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
} from './records/approval.js';
export { CallArguments } from './records/call-arguments.js';
export { NoticeDelivery, DeliveryAttempt, DeliveryStatus, NoticeKind } from './records/delivery.js';
export { Attempt, Execution, ExecutionStatus, ExecutionTerms, HeldBy, redactExecution } from './records/execution.js';
export {
  Id,
  JsonObject,
  Lease,
  QueueOwner,
  RequestedBy,
  Salt,
  Traceparent,
  longestId,
  queueOwner,
  stored,
} from './records/fields.js';
export { Grant, GrantBasis } from './records/grant.js';
export {
  Call,
  ConversationItem,
  JournalEntry,
  Run,
  RunOutput,
  RunStatus,
  UnknownOutcome,
  Usage,
  finishedRunStatuses,
  isFinishedStatus,
  isGated,
  showRun,
} from './records/run.js';
export { Session, SessionOutput } from './records/session.js';
export { InvalidSubject, Subject, canonicalSubject, foldedText, isSameSubject } from './records/subject.js';
export { DecisionKind, GrantTerms, RequireTerms, Ruling, plainGrantTerms, plainRequireTerms } from './records/terms.js';
export {
  ApprovalType,
  PauseType,
  Requirement,
  ToolExecution,
  ToolVersion,
  UserInputField,
  fieldTypes,
  pauseTypeOf,
  redactArguments,
  redactCall,
  redactRequirement,
  redacted,
} from './records/tool-call.js';
export { lookalikesIn } from './text/lookalike-text.js';
export { codePointOf, isHidden, marked, markedLine, visibleText, visibleLine } from './text/visible-text.js';
export { type Backoff, backoffMs, jitteredBackoffMs } from './time/backoff.js';
export {
  type Clock,
  EpochMillis,
  EpochSeconds,
  type Millis,
  type Seconds,
  after,
  atMillis,
  atSeconds,
  earliest,
  latest,
  millisOf,
  secondsOf,
  systemClock,
  toEpochMillis,
  toEpochSeconds,
} from './time/time.js';
