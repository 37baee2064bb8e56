export { type Definitions, parseDefinitions, readDefinitions } from './load/read.js';
export { toolDefinitionOf } from './load/tool-of-file.js';
export { areRequested, changesSince, digestOf, isGatedAsRequested, toolVersion } from './load/tool-version.js';
export { type Agent, AgentDefinition, HistoryBounds, agentOf } from './schema/agent.js';
export {
  Channel,
  EmailChannel,
  PagerDutyChannel,
  SlackChannel,
  TeamsChannel,
  WebPushChannel,
  WebhookChannel,
  noticeType,
  wants,
} from './schema/channel.js';
export { Duration } from './schema/duration.js';
export { environmentValue, environmentVariable, UnsetVariable, withEnvironment } from './schema/environment.js';
export { AgentEntry, ToolEntry } from './schema/file.js';
export { atPointer } from './schema/json-pointer.js';
export { McpServerEntry, mcpToolName } from './schema/mcp-server.js';
export { TokenEntry } from './schema/token.js';
export { ToolDefinition, defaultActWithin } from './schema/tool.js';
export { annotationsOf } from './schema/tool-annotations.js';
export { userInputFields } from './schema/user-input-fields.js';
export { modernSchema } from './schema/modern-schema.js';
