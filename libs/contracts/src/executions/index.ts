export { Attempt, Execution, ExecutionStatus, ExecutionTerms, HeldBy, redactExecution } from './execution.js';
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
} from './http.js';
