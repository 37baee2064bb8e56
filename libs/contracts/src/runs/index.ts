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
} from './http.js';
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
} from './run.js';
export { RunEvent } from './run-events.js';
export { Session, SessionOutput } from './session.js';
