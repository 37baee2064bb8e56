export type { McpOutcome } from './outcome.js';
export type { McpServer, McpWatch } from './server.js';
export type { McpTool } from './tools.js';
export { McpServers, type McpServersOptions } from './servers.js';
export { answerMcp, keyInMeta, type Offer, type OfferedAnswer, type OfferedCall } from './offer/answer.js';
