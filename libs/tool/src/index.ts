export { defineTool, type DefinedTool, type ToolOptions } from './define-tool.js';
export {
  defaultPause,
  gateProblems,
  nameClashes,
  type CallContext,
  type NamedBy,
  type Tool,
  type ToolFunction,
} from './tool.js';
export { loadToolModules } from './tool-modules.js';
