export { CallArguments } from './call-arguments.js';
export { callDigest } from './digest.js';
export { type Binding, type ExactCall, exactText } from './exact-call.js';
export {
  ApprovalType,
  PauseType,
  Requirement,
  ToolAnnotations,
  ToolExecution,
  ToolVersion,
  UserInputField,
  fieldTypes,
  pauseTypeOf,
  redactArguments,
  redactCall,
  redactRequirement,
  redacted,
} from './tool-call.js';
