export type { McpOutcome } from './outcome.js';
export type { McpWatch } from './options.js';
export type { McpServer } from './server.js';
export type { McpTool } from './tools.js';
export { McpServers, type McpServersOptions } from './servers.js';
export { answerMcp, keyInMeta } from './offer/answer.js';
export type { Offer, OfferedAnswer, OfferedCall, OfferedTask } from './offer/offer.js';
