export { Attempt, Execution, ExecutionStatus, ExecutionTerms, HeldBy, MadeBy, redactExecution } from './execution.js';
export {
  CancelExecutionRequest,
  ClaimExecutionRequest,
  ExecutionOutput,
  ExecutionOutputQuery,
  ExecutionPage,
  ListExecutionsQuery,
  PauseRequest,
  ReportExecutionRequest,
  ReportOutcomeRequest,
  ResumeRequest,
  RetryExecutionRequest,
  ResolveUnknownRequest,
  Switch,
  Switches,
} from './http.js';
