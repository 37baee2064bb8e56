export { definitionsApart } from './definitions-apart.js';
export { defineTool, type DefinedTool, type ToolOptions } from './define-tool.js';
export { isNotDone, NotDone } from './not-done.js';
export {
  defaultPause,
  gateProblems,
  madeBy,
  nameClashes,
  type CallableTool,
  type CallContext,
  type CallProgress,
  type NamedBy,
  type Tool,
  type ToolFunction,
} from './tool.js';
export { loadToolModules } from './tool-modules.js';
