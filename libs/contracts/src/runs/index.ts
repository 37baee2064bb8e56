export { RequestedCall, RequestedCalls, CallStatus, GetCallsQuery, RequestCalls, showCalls } from './calls.js';
export {
  AgentDetail,
  AgentOutput,
  CancelRunRequest,
  ContinueRunRequest,
  GetRunQuery,
  ListRunsQuery,
  ListSessionsQuery,
  RetryRunRequest,
  RunPage,
  SessionPage,
  SessionRunsQuery,
  StartRunQuery,
  StartRunRequest,
} from './http.js';
export {
  Asked,
  Call,
  CallEnding,
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
} from './run.js';
export { RunErrorCode } from './run-error.js';
export { mayRetry, needsOperator, runErrors } from './run-errors.js';
export { RunEvent } from './run-events.js';
export { Session, SessionOutput } from './session.js';
