export type { McpServer } from './server.js';
export { McpServers, type McpServersOptions } from './servers.js';
